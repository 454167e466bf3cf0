/**
 * Decides on the parsed tree of a query whether it may run. Pure; the tree is `json_serialize_sql`'s.
 *
 * Everything is allow-listed: kinds of nodes, their fields, table names, functions, types of casts. A node
 * or a filled field that this file does not know is refused, so a newer parser cannot open a door.
 */
import { views } from '@honeyguide/model'
import { allowedFunctions, boundedArguments, functionGroups, regexpFunctions } from './functions.ts'
import { sizeBound, valueBytes } from './size-bound.ts'
import { placeOf, SqlRefused } from './sql-refused.ts'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }
type Node = { readonly [key: string]: Json }

export const guardLimits = {
  /** Longest query, UTF-16 units. */
  sqlLength: 32_768,
  /** Deepest nesting of nodes. */
  depth: 96,
  /** Most brackets open at once in the text: the parser drops empty ones, after it has walked down them. */
  brackets: 500,
  /** Most nodes. */
  nodes: 5_000,
  /** Longest text literal. */
  literalLength: 8_192,
  /** Longest regular expression. */
  patternLength: 1_000,
} as const

/** A bound on `time` that a SELECT puts on one of its views. */
export interface TimeBound {
  readonly side: 'from' | 'to'
  /** Expression without columns. */
  readonly expression: Json
}

/** A column that is put to a regular expression: the function's name, and what follows the column as texts. */
export interface RegexpMatch {
  readonly column: string
  readonly function: string
  readonly arguments: readonly string[]
}

export interface CheckedQuery {
  /** Views that it reads. */
  readonly views: ReadonlySet<string>
  /** Names that may be columns, or `all` when a star or a whole row is asked for. */
  readonly columns: ReadonlySet<string> | 'all'
  /**
   * One entry per view in a FROM: the bounds on its time that must all hold. What the query could see is
   * the union of the entries.
   */
  readonly times: readonly (readonly TimeBound[])[]
  /** What must match in every row that is wanted, of a query that reads one view once. */
  readonly matches: readonly RegexpMatch[]
  /**
   * Set when the rows can be chosen before their columns are put together: one SELECT from one view, row by
   * row. `tree` is the query with nothing but `rowNumberColumn` selected; `columns` what choosing needs.
   */
  readonly choice:
    | {
        readonly tree: Json
        readonly columns: ReadonlySet<string>
        /** Columns that must equal a text, for every row that is chosen. */
        readonly equalities: readonly { readonly column: string; readonly value: string }[]
      }
    | undefined
}

/** Name of the column that numbers facts while rows are chosen; no view has it. */
export const rowNumberColumn = 'hg_row_number'

const viewNames: ReadonlySet<string> = new Set(Object.keys(views))
const castTypes: ReadonlySet<string> = new Set([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'VARCHAR',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMP WITH TIME ZONE',
  'INTERVAL',
  'UUID',
  'BLOB',
  'NULL',
])
const operatorTypes: ReadonlySet<string> = new Set([
  'OPERATOR_NOT',
  'OPERATOR_IS_NULL',
  'OPERATOR_IS_NOT_NULL',
  'COMPARE_IN',
  'COMPARE_NOT_IN',
  'OPERATOR_COALESCE',
  'OPERATOR_NULLIF',
  'ARRAY_EXTRACT',
  'ARRAY_SLICE',
  'STRUCT_EXTRACT',
  'ARRAY_CONSTRUCTOR',
  'OPERATOR_TRY',
  'GROUPING_FUNCTION',
])
/** Fields that say where, or hold plain words that change nothing. */
const plainFields: ReadonlySet<string> = new Set(['class', 'type', 'alias', 'query_location'])

function isNode(value: Json | undefined): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Nothing is in it: null, false, 0, empty text, empty list, or a node of only such. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0)
    return true
  if (Array.isArray(value)) return value.length === 0
  return isNode(value) && Object.values(value).every((part) => isEmpty(part))
}

interface Scope {
  readonly names: ReadonlySet<string>
}

/** Throws SqlRefused. `tree` is the parsed answer of json_serialize_sql($1) for `sql`. */
export function checkTree(sql: string, tree: Json): CheckedQuery {
  const usedViews = new Set<string>()
  const columns = new Set<string>()
  const tableNames = new Set<string>()
  const singles: string[] = []
  const times: TimeBound[][] = []
  const matches: RegexpMatch[] = []
  let wholeRow = false
  let nodes = 0

  function refuse(node: Json | undefined, detail: string): never {
    const at = isNode(node) ? node['query_location'] : undefined
    const has = typeof at === 'number' && at < sql.length * 4
    throw new SqlRefused(detail, has ? placeOf(sql, at) : undefined)
  }

  function node(value: Json | undefined, depth: number): Node {
    nodes += 1
    if (nodes > guardLimits.nodes)
      refuse(value, `it has more than ${guardLimits.nodes} parts; ask in several queries`)
    if (depth > guardLimits.depth)
      refuse(value, `it is nested more than ${guardLimits.depth} deep; flatten it`)
    if (!isNode(value)) refuse(undefined, 'a part of it is not understood')
    return value
  }

  function list(value: Json | undefined): readonly Json[] {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) refuse(undefined, 'a part of it is not understood')
    return value as readonly Json[]
  }

  /** Every field must be plain, handled, or empty. */
  function onlyFields(value: Node, ...handled: readonly string[]): void {
    for (const [field, content] of Object.entries(value))
      if (!plainFields.has(field) && !handled.includes(field) && !isEmpty(content))
        refuse(value, `"${field}" cannot be used here`)
  }

  function text(value: Json | undefined): string {
    return typeof value === 'string' ? value : ''
  }

  function statement(value: Json | undefined): void {
    const root = node(value, 0)
    onlyFields(root, 'node', 'named_param_map')
    if (list(root['named_param_map']).length > 0)
      refuse(root, 'parameters ($1, ?) have no value here; write the value')
    query(root['node'], { names: new Set() }, 1)
  }

  function ctes(value: Json | undefined, scope: Scope, depth: number): Scope {
    if (isEmpty(value)) return scope
    const map = node(value, depth)
    onlyFields(map, 'map')
    let inner = scope
    for (const entry of list(map['map'])) {
      const pair = node(entry, depth)
      onlyFields(pair, 'key', 'value')
      const cte = node(pair['value'], depth)
      onlyFields(cte, 'aliases', 'query', 'materialized')
      if (list(cte['aliases']).length > 0) wholeRow = true
      const inside = node(cte['query'], depth)
      onlyFields(inside, 'node', 'named_param_map')
      if (list(inside['named_param_map']).length > 0)
        refuse(inside, 'parameters have no value here')
      query(inside['node'], inner, depth + 1)
      inner = { names: new Set([...inner.names, text(pair['key']).toLowerCase()]) }
    }
    return inner
  }

  function modifiers(value: Json | undefined, scope: Scope, depth: number): void {
    for (const entry of list(value)) {
      const modifier = node(entry, depth)
      switch (modifier['type']) {
        case 'ORDER_MODIFIER':
          onlyFields(modifier, 'orders')
          orders(modifier['orders'], scope, depth)
          break
        case 'LIMIT_MODIFIER':
          onlyFields(modifier, 'limit', 'offset')
          optional(modifier['limit'], scope, depth)
          optional(modifier['offset'], scope, depth)
          break
        case 'DISTINCT_MODIFIER':
          onlyFields(modifier, 'distinct_on_targets')
          expressions(modifier['distinct_on_targets'], scope, depth)
          break
        default:
          refuse(modifier, `${String(modifier['type'])} cannot be used`)
      }
    }
  }

  function orders(value: Json | undefined, scope: Scope, depth: number): void {
    for (const entry of list(value)) {
      const order = node(entry, depth)
      onlyFields(order, 'null_order', 'expression')
      expression(order['expression'], scope, depth + 1)
    }
  }

  function query(value: Json | undefined, scope: Scope, depth: number): void {
    const select = node(value, depth)
    switch (select['type']) {
      case 'SELECT_NODE': {
        onlyFields(
          select,
          'modifiers',
          'cte_map',
          'select_list',
          'from_table',
          'where_clause',
          'group_expressions',
          'group_sets',
          'aggregate_handling',
          'having',
          'qualify',
        )
        const inner = ctes(select['cte_map'], scope, depth)
        const read: string[] = []
        from(select['from_table'], inner, depth + 1, read)
        expressions(select['select_list'], inner, depth)
        optional(select['where_clause'], inner, depth)
        expressions(select['group_expressions'], inner, depth)
        optional(select['having'], inner, depth)
        optional(select['qualify'], inner, depth)
        modifiers(select['modifiers'], inner, depth)
        for (const alias of read) times.push(timeBounds(select['where_clause'], alias))
        // Alone in its FROM, so that a name can be that of no other table's column.
        const source = select['from_table']
        if (read.length === 1 && isNode(source) && source['type'] === 'BASE_TABLE')
          matches.push(...matchesOf(select['where_clause']))
        return
      }
      case 'SET_OPERATION_NODE': {
        onlyFields(
          select,
          'modifiers',
          'cte_map',
          'setop_type',
          'setop_all',
          'left',
          'right',
          'children',
        )
        const inner = ctes(select['cte_map'], scope, depth)
        if (!isEmpty(select['left'])) query(select['left'], inner, depth + 1)
        if (!isEmpty(select['right'])) query(select['right'], inner, depth + 1)
        for (const child of list(select['children'])) query(child, inner, depth + 1)
        modifiers(select['modifiers'], inner, depth)
        return
      }
      case 'RECURSIVE_CTE_NODE':
        refuse(
          select,
          'recursive WITH may never end and is refused; join a view with itself once per level',
        )
      // falls through
      default:
        refuse(select, `${String(select['type'])} cannot be used; ask with one SELECT`)
    }
  }

  /** Adds the alias of each view that it reads to `read`. */
  function from(value: Json | undefined, scope: Scope, depth: number, read: string[]): void {
    const table = node(value, depth)
    const alias = text(table['alias']).toLowerCase()
    if (alias !== '') tableNames.add(alias)
    if (list(table['column_name_alias']).length > 0) wholeRow = true
    switch (table['type']) {
      case 'EMPTY':
        onlyFields(table)
        return
      case 'BASE_TABLE': {
        onlyFields(table, 'table_name', 'schema_name', 'catalog_name', 'column_name_alias')
        const name = text(table['table_name']).toLowerCase()
        if (!isEmpty(table['schema_name']) || !isEmpty(table['catalog_name']))
          refuse(table, 'name a view without a schema or database in front of it')
        tableNames.add(name)
        if (scope.names.has(name)) return
        if (!viewNames.has(name))
          refuse(
            table,
            `"${text(table['table_name'])}" is not a view that can be asked; there are ${[...viewNames].join(', ')}`,
          )
        usedViews.add(name)
        read.push(alias === '' ? name : alias)
        return
      }
      case 'SUBQUERY': {
        onlyFields(table, 'subquery', 'column_name_alias')
        const inner = node(table['subquery'], depth)
        onlyFields(inner, 'node', 'named_param_map')
        if (list(inner['named_param_map']).length > 0)
          refuse(inner, 'parameters have no value here')
        query(inner['node'], scope, depth + 1)
        return
      }
      case 'JOIN':
        onlyFields(table, 'left', 'right', 'condition', 'join_type', 'ref_type', 'using_columns')
        if (table['ref_type'] === 'NATURAL') wholeRow = true
        from(table['left'], scope, depth + 1, read)
        from(table['right'], scope, depth + 1, read)
        optional(table['condition'], scope, depth)
        for (const name of list(table['using_columns'])) columns.add(text(name).toLowerCase())
        return
      case 'EXPRESSION_LIST':
        onlyFields(table, 'expected_names', 'values', 'column_name_alias')
        for (const row of list(table['values'])) expressions(row, scope, depth)
        return
      case 'TABLE_FUNCTION':
        refuse(
          table,
          'table functions (range, read_csv, glob, unnest ... after FROM) cannot be used',
        )
      // falls through
      default:
        refuse(table, `${String(table['type'])} cannot be used after FROM`)
    }
  }

  function expressions(value: Json | undefined, scope: Scope, depth: number): void {
    for (const entry of list(value)) expression(entry, scope, depth + 1)
  }

  function optional(value: Json | undefined, scope: Scope, depth: number): void {
    if (value !== null && value !== undefined) expression(value, scope, depth + 1)
  }

  function castType(at: Node, value: Json | undefined): void {
    const type = node(value, 0)
    const id = text(type['id'])
    if (id === 'LIST' || id === 'ARRAY') {
      const info = isNode(type['type_info']) ? type['type_info'] : {}
      castType(at, info['child_type'])
      return
    }
    if (!castTypes.has(id)) refuse(at, `the type ${id} cannot be used`)
  }

  /** Whether the function call being walked is an argument of another. */
  let inCall = false

  function functionCall(call: Node, scope: Scope, depth: number): void {
    const outer = inCall
    onlyFields(
      call,
      'function_name',
      'schema',
      'children',
      'filter',
      'order_bys',
      'distinct',
      'is_operator',
      'catalog',
    )
    const name = text(call['function_name']).toLowerCase()
    const schema = text(call['schema'])
    if ((schema !== '' && schema !== 'main') || !isEmpty(call['catalog']))
      refuse(call, `call ${name} without a schema in front of it`)
    if (!allowedFunctions.has(name)) refuse(call, `the function ${name} cannot be used`)
    const given = list(call['children'])
    const bounded = boundedArguments[name]
    if (bounded)
      for (const at of bounded.arguments) {
        const argument = given[at]
        if (argument === undefined) continue
        const literal = wholeLiteral(argument)
        if (literal === undefined || Math.abs(literal) > bounded.most)
          refuse(
            call,
            `argument ${at + 1} of ${name} must be a whole number, written out, of at most ${bounded.most}`,
          )
      }
    if (regexpFunctions.has(name)) {
      const pattern = isNode(given[1]) ? given[1] : {}
      const value = isNode(pattern['value']) ? pattern['value'] : {}
      const literal = value['value']
      if (
        pattern['class'] !== 'CONSTANT' ||
        typeof literal !== 'string' ||
        literal.length > guardLimits.patternLength
      )
        refuse(
          call,
          `the pattern of ${name} must be a text, written out, of at most ${guardLimits.patternLength} characters`,
        )
    }
    inCall = true
    expressions(given, scope, depth)
    inCall = outer
    // After its arguments were walked, so that depth and count are bounded; once per outermost call.
    if (!inCall && sizeBound(call) > valueBytes)
      refuse(
        call,
        `${name} could make a value of more than ${valueBytes / 1024 ** 2} MiB; make it of less`,
      )
    optional(call['filter'], scope, depth)
    if (!isEmpty(call['order_bys'])) modifiers([call['order_bys'] ?? null], scope, depth)
  }

  /** The value of a whole literal, also behind a minus. */
  function wholeLiteral(value: Json): number | undefined {
    if (!isNode(value)) return undefined
    if (value['class'] === 'FUNCTION' && value['function_name'] === '-') {
      const [only, more] = list(value['children'])
      const inner = only === undefined || more !== undefined ? undefined : wholeLiteral(only)
      return inner === undefined ? undefined : -inner
    }
    if (value['class'] !== 'CONSTANT') return undefined
    const held = isNode(value['value']) ? value['value']['value'] : undefined
    return typeof held === 'number' && Number.isInteger(held) ? held : undefined
  }

  function expression(value: Json | undefined, scope: Scope, depth: number): void {
    const at = node(value, depth)
    switch (at['class']) {
      case 'CONSTANT': {
        onlyFields(at, 'value')
        const held = isNode(at['value']) ? at['value']['value'] : undefined
        if (typeof held === 'string' && held.length > guardLimits.literalLength)
          refuse(at, `a literal is longer than ${guardLimits.literalLength} characters`)
        return
      }
      case 'COLUMN_REF': {
        onlyFields(at, 'column_names')
        const names = list(at['column_names']).map((name) => text(name).toLowerCase())
        for (const name of names) columns.add(name)
        if (names.length === 1) singles.push(names[0] ?? '')
        return
      }
      case 'FUNCTION':
        functionCall(at, scope, depth)
        return
      case 'OPERATOR':
        onlyFields(at, 'children')
        if (!operatorTypes.has(text(at['type']))) refuse(at, `${String(at['type'])} cannot be used`)
        expressions(at['children'], scope, depth)
        return
      case 'COMPARISON':
        onlyFields(at, 'left', 'right')
        expression(at['left'], scope, depth + 1)
        expression(at['right'], scope, depth + 1)
        return
      case 'CONJUNCTION':
        onlyFields(at, 'children')
        expressions(at['children'], scope, depth)
        return
      case 'BETWEEN':
        onlyFields(at, 'input', 'lower', 'upper')
        for (const part of ['input', 'lower', 'upper']) expression(at[part], scope, depth + 1)
        return
      case 'CAST':
        onlyFields(at, 'child', 'cast_type', 'try_cast')
        castType(at, at['cast_type'])
        expression(at['child'], scope, depth + 1)
        return
      case 'CASE':
        onlyFields(at, 'case_checks', 'else_expr')
        for (const check of list(at['case_checks'])) {
          const branch = node(check, depth)
          onlyFields(branch, 'when_expr', 'then_expr')
          expression(branch['when_expr'], scope, depth + 1)
          expression(branch['then_expr'], scope, depth + 1)
        }
        optional(at['else_expr'], scope, depth)
        return
      case 'WINDOW':
        onlyFields(
          at,
          'function_name',
          'schema',
          'catalog',
          'children',
          'partitions',
          'orders',
          'start',
          'end',
          'start_expr',
          'end_expr',
          'offset_expr',
          'default_expr',
          'ignore_nulls',
          'filter_expr',
          'exclude_clause',
          'distinct',
          'arg_orders',
        )
        if (!isEmpty(at['catalog']) || (!isEmpty(at['schema']) && at['schema'] !== 'main'))
          refuse(at, 'call functions without a schema in front of them')
        if (!allowedFunctions.has(text(at['function_name']).toLowerCase()))
          refuse(at, `the function ${text(at['function_name'])} cannot be used`)
        expressions(at['children'], scope, depth)
        expressions(at['partitions'], scope, depth)
        orders(at['orders'], scope, depth)
        orders(at['arg_orders'], scope, depth)
        for (const part of ['start_expr', 'end_expr', 'offset_expr', 'default_expr', 'filter_expr'])
          optional(at[part], scope, depth)
        return
      case 'SUBQUERY': {
        onlyFields(at, 'subquery_type', 'subquery', 'child', 'comparison_type')
        const inner = node(at['subquery'], depth)
        onlyFields(inner, 'node', 'named_param_map')
        if (list(inner['named_param_map']).length > 0)
          refuse(inner, 'parameters have no value here')
        query(inner['node'], scope, depth + 1)
        optional(at['child'], scope, depth)
        return
      }
      case 'STAR':
        onlyFields(
          at,
          'relation_name',
          'exclude_list',
          'replace_list',
          'rename_list',
          'qualified_exclude_list',
          'columns',
          'expr',
        )
        // ORDER BY ALL is a COLUMNS without a pattern.
        if (!isEmpty(at['expr'])) refuse(at, 'COLUMNS(...) cannot be used; name the columns')
        for (const entry of list(at['replace_list'])) {
          const pair = node(entry, depth)
          onlyFields(pair, 'key', 'value')
          expression(pair['value'], scope, depth + 1)
        }
        wholeRow = true
        return
      case 'PARAMETER':
        refuse(at, 'parameters ($1, ?) have no value here; write the value')
      // falls through
      case 'LAMBDA':
        refuse(at, 'lambdas cannot be used')
      // falls through
      default:
        refuse(at, `${String(at['class'])} cannot be used`)
    }
  }

  const root = node(tree, 0)
  if (root['error'] === true) {
    const message = text(root['error_message'])
    if (/only SELECT/i.test(message))
      throw new SqlRefused(
        'only a SELECT can be asked; nothing can be changed, set, loaded or written',
      )
    const at = Number(root['position'])
    throw new SqlRefused(
      message,
      root['position'] !== undefined && Number.isInteger(at) ? placeOf(sql, at) : undefined,
    )
  }
  const statements = list(root['statements'])
  if (statements.length !== 1)
    throw new SqlRefused(`it has ${statements.length} statements; ask with one SELECT`)
  statement(statements[0])
  const all = wholeRow || singles.some((name) => tableNames.has(name))
  return {
    views: usedViews,
    columns: all ? 'all' : columns,
    times,
    matches: usedViews.size === 1 && times.length === 1 ? matches : [],
    choice: usedViews.size === 1 ? choiceOf(tree) : undefined,
  }
}

const gathering: ReadonlySet<string> = new Set(
  [...functionGroups.aggregates.names, ...functionGroups.windows.names, 'unnest'].map((name) =>
    name.toLowerCase(),
  ),
)

/** Whether anything below gathers rows, multiplies them or asks another SELECT. */
function isRowByRow(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.every((part: Json) => isRowByRow(part))
  if (!isNode(value)) return true
  if (value['class'] === 'SUBQUERY' || value['class'] === 'WINDOW') return false
  if (value['class'] === 'FUNCTION' && gathering.has(String(value['function_name']).toLowerCase()))
    return false
  return Object.values(value).every((part) => isRowByRow(part))
}

function columnNames(value: Json | undefined, into: Set<string>): void {
  if (Array.isArray(value)) {
    for (const part of value) columnNames(part as Json, into)
  } else if (isNode(value)) {
    if (value['class'] === 'COLUMN_REF' && Array.isArray(value['column_names']))
      for (const name of value['column_names']) into.add(String(name).toLowerCase())
    for (const part of Object.values(value)) columnNames(part, into)
  }
}

/** `column = 'text'` conditions that are joined by AND. */
function equalitiesOf(where: Json | undefined): { column: string; value: string }[] {
  if (!isNode(where)) return []
  if (where['class'] === 'CONJUNCTION' && where['type'] === 'CONJUNCTION_AND') {
    const children = where['children']
    return Array.isArray(children) ? children.flatMap((child: Json) => equalitiesOf(child)) : []
  }
  if (where['class'] !== 'COMPARISON' || where['type'] !== 'COMPARE_EQUAL') return []
  const sides = [where['left'], where['right']]
  const column = sides.find((side) => isNode(side) && side['class'] === 'COLUMN_REF')
  const literal = sides.find((side) => isNode(side) && side['class'] === 'CONSTANT')
  const names = isNode(column) ? column['column_names'] : undefined
  const held = isNode(literal) && isNode(literal['value']) ? literal['value']['value'] : undefined
  const name: unknown = Array.isArray(names) ? names.at(-1) : undefined
  return typeof name === 'string' && typeof held === 'string'
    ? [{ column: name.toLowerCase(), value: held }]
    : []
}

function choiceOf(tree: Json): CheckedQuery['choice'] {
  const statements = isNode(tree) ? tree['statements'] : undefined
  const statement: Json | undefined = Array.isArray(statements) ? statements[0] : undefined
  const select = isNode(statement) ? statement['node'] : undefined
  if (!isNode(statement) || !isNode(select) || select['type'] !== 'SELECT_NODE') return undefined
  const from = select['from_table']
  if (!isNode(from) || from['type'] !== 'BASE_TABLE' || !isEmpty(from['column_name_alias']))
    return undefined
  if (!isEmpty(select['group_expressions']) || !isEmpty(select['group_sets'])) return undefined
  if (!isEmpty(select['having']) || !isEmpty(select['qualify'])) return undefined
  const cteMap = select['cte_map']
  if (isNode(cteMap) && !isEmpty(cteMap['map'])) return undefined
  const modifiers: readonly Json[] = Array.isArray(select['modifiers']) ? select['modifiers'] : []
  const aliases = new Set<string>()
  const selected = select['select_list']
  if (Array.isArray(selected))
    for (const entry of selected as readonly Json[])
      if (isNode(entry) && typeof entry['alias'] === 'string' && entry['alias'] !== '')
        aliases.add(entry['alias'].toLowerCase())
  const columns = new Set<string>()
  columnNames(select['where_clause'], columns)
  for (const modifier of modifiers) {
    if (!isNode(modifier) || modifier['type'] === 'DISTINCT_MODIFIER') return undefined
    // Rows would be passed over twice.
    if (!isEmpty(modifier['offset'])) return undefined
    if (modifier['type'] !== 'ORDER_MODIFIER') continue
    const orders: readonly Json[] = Array.isArray(modifier['orders']) ? modifier['orders'] : []
    // Ordering by a place in the list, or by all of it, needs the list.
    for (const order of orders) {
      const expression = isNode(order) ? order['expression'] : undefined
      if (
        !isNode(expression) ||
        expression['class'] === 'CONSTANT' ||
        expression['class'] === 'STAR'
      )
        return undefined
    }
    columnNames(modifier['orders'], columns)
  }
  for (const name of columns) if (aliases.has(name)) return undefined
  if (!isRowByRow(selected) || !isRowByRow(select['where_clause']) || !isRowByRow(modifiers))
    return undefined
  const chosen = {
    class: 'COLUMN_REF',
    type: 'COLUMN_REF',
    alias: 'r',
    query_location: 0,
    column_names: [rowNumberColumn],
  }
  return {
    columns,
    equalities: equalitiesOf(select['where_clause']),
    tree: {
      error: false,
      statements: [{ ...statement, node: { ...select, select_list: [chosen] } }],
    },
  }
}

const matchers: ReadonlySet<string> = new Set(['regexp_matches', 'regexp_full_match'])

/** Regular expressions that columns must match, by conditions which are joined by AND. */
function matchesOf(where: Json | undefined): RegexpMatch[] {
  if (!isNode(where)) return []
  if (where['class'] === 'CONJUNCTION' && where['type'] === 'CONJUNCTION_AND') {
    const children = where['children']
    return Array.isArray(children) ? children.flatMap((child: Json) => matchesOf(child)) : []
  }
  const name = String(where['function_name']).toLowerCase()
  if (where['class'] !== 'FUNCTION' || !matchers.has(name)) return []
  const children = Array.isArray(where['children']) ? (where['children'] as readonly Json[]) : []
  const [subject, ...rest] = children
  const names =
    isNode(subject) && subject['class'] === 'COLUMN_REF' ? subject['column_names'] : undefined
  const column: unknown = Array.isArray(names) ? names.at(-1) : undefined
  const texts = rest.flatMap((part) =>
    isNode(part) &&
    part['class'] === 'CONSTANT' &&
    isNode(part['value']) &&
    typeof part['value']['value'] === 'string'
      ? [part['value']['value']]
      : [],
  )
  return typeof column === 'string' && texts.length === rest.length
    ? [{ column: column.toLowerCase(), function: name, arguments: texts }]
    : []
}

/** Bounds on `time` of a view that follow from a WHERE: its conditions joined by AND. */
function timeBounds(where: Json | undefined, alias: string): TimeBound[] {
  if (!isNode(where)) return []
  if (where['class'] === 'CONJUNCTION' && where['type'] === 'CONJUNCTION_AND') {
    const children = where['children']
    return Array.isArray(children)
      ? children.flatMap((child: Json) => timeBounds(child, alias))
      : []
  }
  const isTime = (value: Json | undefined): boolean => {
    if (!isNode(value) || value['class'] !== 'COLUMN_REF' || !Array.isArray(value['column_names']))
      return false
    const names = value['column_names'].map((name: Json) => String(name).toLowerCase())
    return (
      names.at(-1) === 'time' && (names.length === 1 || (names.length === 2 && names[0] === alias))
    )
  }
  const bound = (side: 'from' | 'to', expression: Json | undefined): TimeBound[] =>
    expression !== undefined && isConstant(expression) ? [{ side, expression }] : []
  if (where['class'] === 'BETWEEN' && isTime(where['input']))
    return [...bound('from', where['lower']), ...bound('to', where['upper'])]
  if (where['class'] !== 'COMPARISON') return []
  const type = String(where['type'])
  const flipped: Record<string, string> = {
    COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
    COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
    COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
    COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
    COMPARE_EQUAL: 'COMPARE_EQUAL',
  }
  const [operator, value] = isTime(where['left'])
    ? [type, where['right']]
    : isTime(where['right'])
      ? [flipped[type], where['left']]
      : [undefined, undefined]
  switch (operator) {
    case 'COMPARE_GREATERTHAN':
    case 'COMPARE_GREATERTHANOREQUALTO':
      return bound('from', value)
    case 'COMPARE_LESSTHAN':
    case 'COMPARE_LESSTHANOREQUALTO':
      return bound('to', value)
    case 'COMPARE_EQUAL':
      return [...bound('from', value), ...bound('to', value)]
    default:
      return []
  }
}

/** Whether an expression (already checked) reads no column, no row and no subquery. */
function isConstant(value: Json): boolean {
  if (Array.isArray(value)) return value.every(isConstant)
  if (!isNode(value)) return true
  const kind = value['class']
  if (kind !== undefined && !['CONSTANT', 'FUNCTION', 'CAST', 'OPERATOR'].includes(String(kind)))
    return false
  return Object.values(value).every((part) => isConstant(part))
}
