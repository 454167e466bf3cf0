/** Anything, over all that is stored, with what it could not see. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { HuntAnswer, SchemaAnswer } from '@honeyguide/model/api'
import { AnswerError, failureOf, post, type Failure } from '../state/api-client.ts'
import { changeQuery, go, useAddress, useQueryValue } from '../state/navigation.ts'
import { readPreference, usePreference, writePreference } from '../state/preferences.ts'
import { addressOf } from '../state/route.ts'
import { useAfter, useAnswer, useNow } from '../state/use-answer.ts'
import { evidenceCompleteness } from '../view/completeness.ts'
import { csvTable, objectsOf } from '../view/export-rows.ts'
import { resultCharts } from '../view/result-chart.ts'
import { counted, grouped, short } from '../view/number-words.ts'
import {
  listNumbers,
  readConditions,
  resultColumns,
  resultRows,
  writeConditions,
  type ResultColumn,
  type ResultValue,
} from '../view/result-table.ts'
import { shown, start } from '../view/shorten.ts'
import { foldedSql, huntName } from '../view/sql-text.ts'
import { dayClock, lengthWords } from '../view/time-words.ts'
import { CompletenessBadge } from '../parts/badges.tsx'
import { saveFile } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Grid, type GridColumn } from '../parts/grid.tsx'
import { Icon } from '../parts/icon.tsx'
import { ResultChartPane } from '../parts/result-chart.tsx'
import { useNarrow } from '../parts/media.ts'
import { Popover } from '../parts/popover.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { SqlEditor } from '../parts/sql-editor.tsx'
import { Empty, FailureNote, Skeleton } from '../parts/states.tsx'
import { barsPath } from '../parts/strip.tsx'
import { say } from '../parts/toasts.tsx'
import { FilterActs, Value } from '../parts/value.tsx'

interface SavedHunt {
  readonly name: string
  readonly sql: string
}

function savedHunts(text: string | null): readonly SavedHunt[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(list)) return []
    return list.flatMap((one: unknown) =>
      typeof one === 'object' &&
      one !== null &&
      'name' in one &&
      'sql' in one &&
      typeof one.name === 'string' &&
      typeof one.sql === 'string'
        ? [{ name: one.name, sql: one.sql }]
        : [],
    )
  } catch {
    return []
  }
}

const starter = `SELECT time, device_hostname, process_name, process_cmd_line
FROM process_activity
WHERE activity_name = 'Launch' AND time > now() - INTERVAL '1 hour'
ORDER BY time DESC
LIMIT 200`

type Run =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly since: number }
  | { readonly kind: 'done'; readonly answer: HuntAnswer; readonly sql: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly sql: string }

function Cell({ column, value }: { column: ResultColumn; value: ResultValue }) {
  if (value === null) return <span className="t3">null</span>
  const list = column.kind === 'list' ? listNumbers(value) : undefined
  if (list !== undefined)
    return (
      <span className="row" title={start(String(value), 200)}>
        <svg
          className="spark"
          viewBox={`0 0 ${list.length} 100`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${list.length} values, last ${list[list.length - 1] ?? 0}`}
        >
          <path d={barsPath(list.slice(0, -1))} />
          <path
            className="last"
            d={barsPath(
              [...list.map(() => null).slice(0, -1), list[list.length - 1] ?? 0].map(
                (one, at, all) =>
                  at === all.length - 1 ? (Math.max(...list) === 0 ? 0 : one) : null,
              ),
            )}
          />
        </svg>
        <span className="t3">{grouped(list[list.length - 1] ?? 0)}</span>
      </span>
    )
  if (typeof value === 'number')
    return (
      <>
        {column.most > 0 ? (
          <span className="meter" aria-hidden="true">
            <i style={{ width: `${Math.max(0, Math.min(100, (value / column.most) * 100))}%` }} />
          </span>
        ) : null}
        {grouped(value)}
      </>
    )
  if (column.kind === 'time') {
    const at = Date.parse(String(value))
    return (
      <span className="mono t2">{Number.isNaN(at) ? shown(String(value), 40) : dayClock(at)}</span>
    )
  }
  return (
    <Value
      icon={column.icon}
      text={String(value)}
      field={column.name}
      value={String(value)}
      most={60}
      inGrid
    />
  )
}

/** A row in one column: its longest text, then the others in short and the numbers that decide at the right. */
function NarrowRow({
  columns,
  lead,
  row,
}: {
  columns: readonly ResultColumn[]
  lead: ResultColumn | undefined
  row: readonly ResultValue[]
}) {
  const first = lead ?? columns[0]
  const rest = columns.filter((column) => column !== first)
  const cell = (column: ResultColumn) => (
    <Cell key={column.name} column={column} value={row[column.index] ?? null} />
  )
  const named = rest.filter((column) => column.kind === 'text').slice(0, 2)
  const figures = rest.filter((column) => column.kind === 'number' || column.kind === 'time')
  return (
    <div className="hcard">
      <div className="row">{first === undefined ? null : cell(first)}</div>
      <div className="row">
        <span className="row trunc">{named.map(cell)}</span>
        <span className="end row">
          {figures.slice(0, 2).map((column) => {
            const value = row[column.index] ?? null
            return (
              <span key={column.name} className="nowrap" title={shown(column.name, 60)}>
                {typeof value === 'number' ? grouped(value) : cell(column)}
              </span>
            )
          })}
        </span>
      </div>
    </div>
  )
}

function Running({ since, stop }: { since: number; stop: () => void }) {
  const now = useNow(200)
  const late = useAfter(true, 1000)
  return (
    <>
      <Skeleton label="Running the query" rows={9} />
      {late ? (
        <p className="t3 small lod">
          Running · {lengthWords(now - since)} ·{' '}
          <button type="button" className="link" onClick={stop}>
            Stop
          </button>
        </p>
      ) : null}
    </>
  )
}

export function Hunt() {
  const time = useScreenTime('24h')
  const { params } = useAddress()
  const schema = useAnswer<SchemaAnswer>('/schema')
  const savedText = usePreference('hunts')
  const saved = useMemo(() => savedHunts(savedText), [savedText])
  const example = schema.data?.examples[Number(params.get('example') ?? -1)]
  const [sqlInUrl] = useQueryValue('sql')
  const [text, setText] = useState<string | null>(null)
  const [run, setRun] = useState<Run>({ kind: 'none' })
  const [whereText, setWhere] = useQueryValue('where')
  const [orderText, setOrder] = useQueryValue('order')
  const [chartBy, setChartBy] = useQueryValue('chart')
  const [selected, setSelected] = useState(0)
  const [listOpen, setListOpen] = useState(false)
  // In one column a query that has rows is folded, so that they are on the screen.
  const narrow = useNarrow()
  const [editing, setEditing] = useState(false)
  const [openRow, setOpenRow] = useState<readonly ResultValue[] | null>(null)
  const abort = useRef<AbortController | null>(null)
  const sql = text ?? (sqlInUrl !== '' ? sqlInUrl : (example?.sql ?? starter))
  // A query that came with the address replaces what is in the editor.
  const exampleInUrl = params.get('example')
  useEffect(() => setText(null), [sqlInUrl, exampleInUrl])

  const start_ = useCallback(async (wanted: string): Promise<void> => {
    abort.current?.abort()
    const mine = new AbortController()
    abort.current = mine
    setRun({ kind: 'running', since: Date.now() })
    try {
      const answer = await post<HuntAnswer>('/hunt', { sql: wanted, limit: 10_000 }, mine.signal)
      if (!mine.signal.aborted) {
        setRun({ kind: 'done', answer, sql: wanted })
        setSelected(0)
      }
    } catch (error) {
      if (mine.signal.aborted) return
      if (!(error instanceof AnswerError) && error instanceof DOMException) return
      setRun({ kind: 'failed', failure: failureOf(error), sql: wanted })
    }
  }, [])
  const runNow = () => {
    // What was arranged for another query's columns would be of no effect or mislead.
    const fresh = sql === asked.current ? {} : { hide: null, pin: null, group: null, chart: null }
    changeQuery({ sql, run: '1', example: null, where: null, order: null, ...fresh }, 'push')
    asked.current = sql
    setEditing(false)
    void start_(sql)
  }
  // An address with a query that was run shows its result again.
  const asked = useRef('')
  useEffect(() => {
    if (params.get('run') !== '1' || sql === asked.current) return
    if (params.has('example') && !example) return
    asked.current = sql
    if (run.kind === 'none') void start_(sql)
  }, [params, sql, example, run.kind, start_])
  useEffect(() => () => abort.current?.abort(), [])

  const current = saved.find((one) => one.sql === sql)
  const name =
    current?.name ?? schema.data?.examples.find((one) => one.sql === sql)?.title ?? huntName(sql)
  const edited =
    current === undefined && (schema.data?.examples.every((one) => one.sql !== sql) ?? true)
  const save = () => {
    const next = [
      { name: huntName(sql), sql },
      ...savedHunts(readPreference('hunts')).filter((one) => one.sql !== sql),
    ]
    writePreference('hunts', JSON.stringify(next.slice(0, 50)))
    say('Saved in this browser; the address holds it too.')
  }
  const open = (next: string) => {
    setRun({ kind: 'none' })
    asked.current = ''
    setListOpen(false)
    go(addressOf({ screen: 'hunt' }, { sql: next }))
  }

  const answer = run.kind === 'done' ? run.answer : undefined
  const conditions = useMemo(() => readConditions(whereText), [whereText])
  const order = useMemo(() => {
    const [column = '', direction] = orderText.split(' ')
    return column === '' ? null : { column, down: direction === 'desc' }
  }, [orderText])
  const columns = useMemo(() => (answer ? resultColumns(answer) : []), [answer])
  const rows = useMemo(
    () => (answer ? resultRows(answer, conditions, order) : []),
    [answer, conditions, order],
  )
  const charts = useMemo(() => resultCharts(columns, rows), [columns, rows])
  const flexible = columns.reduce<ResultColumn | undefined>(
    (widest, column) =>
      column.kind === 'text' && (widest === undefined || column.chars > widest.chars)
        ? column
        : widest,
    undefined,
  )
  const widthOf = (column: ResultColumn) => {
    const px =
      column.kind === 'list'
        ? 140
        : column.kind === 'number'
          ? Math.max(90, column.chars * 8 + 86)
          : column.kind === 'time'
            ? 124
            : Math.min(420, column.chars * 7.4 + 34)
    return Math.max(px, column.name.length * 6.4 + 18)
  }
  const tableWidth = columns.reduce((sum, column) => sum + widthOf(column) + 16, 32)
  const gridColumns: readonly GridColumn<readonly ResultValue[]>[] = columns.map((column) => ({
    key: column.name,
    head: shown(column.name, 60),
    width:
      column === flexible
        ? `minmax(${Math.round(widthOf(column))}px, 1fr)`
        : `${Math.round(widthOf(column))}px`,
    num: column.kind === 'number',
    groups: column.kind === 'text',
    text: (row) => String(row[column.index] ?? 'null'),
    cell: (row) => <Cell column={column} value={row[column.index] ?? null} />,
  }))
  const act = useCallback(
    (field: string, value: string | number, which: 'only' | 'not') =>
      setWhere(
        writeConditions([
          ...conditions.filter((one) => one.column !== field || one.value !== String(value)),
          { column: field, value: String(value), not: which === 'not' },
        ]),
        'push',
      ),
    [conditions, setWhere],
  )
  const names = columns.map((column) => column.name)
  const completeness = evidenceCompleteness(answer?.evidence)
  const canRun = sql.trim() !== ''

  return (
    <FilterActs.Provider value={act}>
      <Shell screen="hunt" title="Hunt" time={time} evidence={answer?.evidence}>
        <div className="hu">
          <aside className={`hs ${listOpen ? 'open' : ''}`} aria-label="Saved hunts and tables">
            <h3>Mine</h3>
            {saved.length === 0 ? (
              <p className="t3 small sv">Nothing saved in this browser.</p>
            ) : null}
            {saved.map((one) => (
              <div key={one.sql} className="svrow">
                <button
                  type="button"
                  className="sv"
                  aria-current={one.sql === sql ? 'true' : undefined}
                  onClick={() => open(one.sql)}
                >
                  <span className="trunc">{shown(one.name, 80)}</span>
                </button>
                <button
                  type="button"
                  aria-label={`Forget ${shown(one.name, 60)}`}
                  onClick={() => {
                    writePreference(
                      'hunts',
                      JSON.stringify(saved.filter((other) => other.sql !== one.sql)),
                    )
                    say('Forgotten.', {
                      undo: () => writePreference('hunts', JSON.stringify(saved)),
                    })
                  }}
                >
                  <Icon name="x" size={12} />
                </button>
              </div>
            ))}
            <h3>Examples</h3>
            {(schema.data?.examples ?? []).map((one) => (
              <button
                key={one.title}
                type="button"
                className="sv"
                aria-current={one.sql === sql ? 'true' : undefined}
                onClick={() => open(one.sql)}
              >
                <span className="trunc">{one.title}</span>
              </button>
            ))}
            <h3>Tables</h3>
            {(schema.data?.views ?? []).map((view) => (
              <button
                key={view.name}
                type="button"
                className="sv"
                title={view.doc}
                onClick={() => open(`SELECT *\nFROM ${view.name}\nLIMIT 200`)}
              >
                <Icon name="table" size={14} />
                <span className="trunc mono">{view.name}</span>
                <span className="t3">{short(view.rows)}</span>
              </button>
            ))}
            {schema.failure && !schema.data ? (
              <FailureNote failure={schema.failure} what="The tables" again={schema.again} />
            ) : null}
          </aside>
          <div className="hm">
            <section className="ed" aria-label="Query">
              <button
                type="button"
                className="hsel"
                aria-expanded={listOpen}
                onClick={() => setListOpen(!listOpen)}
              >
                <Icon name="hunt" />
                <b className="strong trunc">{shown(name, 60)}</b>
                <span className="t3 nowrap">{counted(saved.length, 'saved', 'saved')}</span>
                <span className="end">
                  <Icon name="down" />
                </span>
              </button>
              <div className="eh">
                <b className="nomob trunc">{shown(name, 80)}</b>
                {edited ? <span className="tag line nomob">edited</span> : null}
                <span className="end row">
                  <span className="t3 small nomob">one SELECT, at most 10 s and 10,000 rows</span>
                  <button
                    type="button"
                    className="btn ghost sm"
                    disabled={!canRun || current !== undefined}
                    onClick={save}
                  >
                    <Icon name="star" size={14} />
                    Save
                  </button>
                  {run.kind === 'running' ? (
                    <button
                      type="button"
                      className="btn sm"
                      onClick={() => {
                        abort.current?.abort()
                        setRun({ kind: 'none' })
                      }}
                    >
                      <i className="spin" />
                      Stop
                    </button>
                  ) : null}
                  <button type="button" className="btn pri sm" disabled={!canRun} onClick={runNow}>
                    <Icon name="play" size={14} />
                    Run <kbd className="nomob">⌘↵</kbd>
                  </button>
                </span>
              </div>
              {narrow && answer !== undefined && !editing ? (
                <div className="folded">
                  <pre className="mono">
                    {foldedSql(sql)
                      .split('\n')
                      .slice(0, 6)
                      .map((line) => shown(line, 200))
                      .join('\n')}
                  </pre>
                  <button type="button" onClick={() => setEditing(true)}>
                    <Icon name="edit" size={14} />
                    Edit the query
                    <span className="end t3">{counted(sql.split('\n').length, 'line')}</span>
                  </button>
                </div>
              ) : (
                <SqlEditor
                  value={sql}
                  onChange={setText}
                  onRun={runNow}
                  schema={schema.data}
                  failure={run.kind === 'failed' && run.sql === sql ? run.failure : undefined}
                />
              )}
            </section>
            <div className="hr" role="status">
              {answer ? (
                <>
                  <span>
                    <b>{counted(answer.rows.length, 'row')}</b>
                    {answer.truncated ? ', more exist' : ''}
                  </span>
                  {answer.rowsRead > 0 ? (
                    <span>
                      from <b>{short(answer.rowsRead)}</b> read
                    </span>
                  ) : null}
                  <span>
                    in <b>{lengthWords(answer.elapsedMs)}</b>
                  </span>
                  <span className="sepr" />
                  <CompletenessBadge words={completeness} />
                  <span className="t3 trunc">
                    {answer.evidence.gapCount === 0
                      ? answer.from === null
                        ? 'over all that is stored'
                        : answer.to === null
                          ? `since ${dayClock(Date.parse(answer.from))}`
                          : `over ${lengthWords(Date.parse(answer.to) - Date.parse(answer.from))}`
                      : `${counted(answer.evidence.gapCount, 'gap')} could hide rows: ${[...new Set(answer.evidence.gaps.map((gap) => shown(gap.host, 30)))].slice(0, 5).join(', ')}`}
                  </span>
                  {answer.evidence.gapCount > 0 ? (
                    <button
                      type="button"
                      className="link"
                      onClick={() => window.dispatchEvent(new Event('honeyguide:evidence'))}
                    >
                      Show the gaps
                    </button>
                  ) : null}
                  <span className="end row">
                    {conditions.map((one) => (
                      <span
                        key={`${one.column}${one.value}`}
                        className={`f ${one.not ? 'not' : ''}`}
                      >
                        <span className="k">{shown(one.column, 30)}</span>
                        <span className="o">{one.not ? '!=' : '='}</span>
                        <span className="v">{shown(one.value, 40)}</span>
                        <button
                          type="button"
                          aria-label={`Remove filter ${shown(one.column, 30)}`}
                          onClick={() =>
                            setWhere(writeConditions(conditions.filter((other) => other !== one)))
                          }
                        >
                          <Icon name="x" size={12} />
                        </button>
                      </span>
                    ))}
                    <Popover
                      label="Export the result"
                      role="menu"
                      side="to-left"
                      className="btn ghost sm"
                      button={
                        <>
                          <Icon name="dl" size={14} />
                          Export
                        </>
                      }
                    >
                      {(close) => (
                        <>
                          <button
                            type="button"
                            role="menuitem"
                            className="opt"
                            onClick={() => {
                              saveFile('hunt.csv', 'text/csv', csvTable(names, rows))
                              close()
                            }}
                          >
                            CSV, {counted(rows.length, 'row')}
                          </button>
                          <button
                            type="button"
                            role="menuitem"
                            className="opt"
                            onClick={() => {
                              saveFile(
                                'hunt.json',
                                'application/json',
                                JSON.stringify(
                                  {
                                    rows: objectsOf(answer.columns, rows),
                                    complete: answer.evidence.complete,
                                    evidence: answer.evidence,
                                  },
                                  null,
                                  1,
                                ),
                              )
                              close()
                            }}
                          >
                            JSON with evidence
                          </button>
                        </>
                      )}
                    </Popover>
                  </span>
                </>
              ) : run.kind === 'running' ? (
                <span>Running…</span>
              ) : run.kind === 'failed' ? (
                <span>The query did not run; what to do stands under the line.</span>
              ) : (
                <span>Not run yet. {sql.split('\n').length} lines.</span>
              )}
            </div>
            <div className="rcw">
              <ResultChartPane
                charts={charts}
                chosen={chartBy}
                onChoose={setChartBy}
                gaps={answer?.evidence.gaps ?? []}
                column={(wanted) => columns.find((one) => one.name === wanted)}
                row={rows[Math.min(selected, rows.length - 1)]}
                onValue={act}
              />
            </div>
            <div className="rt" style={{ ['--table-width' as string]: `${tableWidth}px` }}>
              {run.kind === 'running' ? (
                <Running
                  since={run.since}
                  stop={() => {
                    abort.current?.abort()
                    setRun({ kind: 'none' })
                  }}
                />
              ) : run.kind === 'failed' ? (
                <FailureNote
                  failure={run.failure}
                  what="The result"
                  again={() => void start_(sql)}
                />
              ) : !answer ? (
                <Empty title="No query has run here">
                  Write one, or open an example. Completion knows the{' '}
                  {counted(schema.data?.views.length ?? 0, 'table')} and their columns.
                </Empty>
              ) : rows.length === 0 ? (
                <Empty
                  title={
                    conditions.length > 0 ? 'No row of the result matches the filter' : 'No row'
                  }
                  acts={
                    conditions.length > 0 ? (
                      <button type="button" className="btn sm" onClick={() => setWhere(null)}>
                        Clear the filter
                      </button>
                    ) : undefined
                  }
                >
                  {grouped(answer.rowsRead)} rows were read, {completeness.share} of the events were
                  seen
                  {completeness.gaps === '' ? '' : `, ${completeness.gaps}`}.
                </Empty>
              ) : (
                <Grid
                  label="Result"
                  rows={rows}
                  columns={gridColumns}
                  rowHeight={28}
                  rowKey={(_, index) => index}
                  rowName={(row) =>
                    names
                      .map(
                        (column, at) =>
                          `${shown(column, 30)} ${start(shown(String(row[at] ?? 'null'), 60), 40)}`,
                      )
                      .join(', ')
                  }
                  selected={Math.min(selected, rows.length - 1)}
                  onSelect={setSelected}
                  onOpen={(row) => setOpenRow(row)}
                  {...(order === null ? {} : { sort: { key: order.column, down: order.down } })}
                  sortable={new Set(names)}
                  onSort={(key, way) =>
                    setOrder(
                      way !== undefined
                        ? `${key}${way === 'down' ? ' desc' : ''}`
                        : order?.column !== key
                          ? key
                          : order.down
                            ? null
                            : `${key} desc`,
                    )
                  }
                  narrow={{
                    height: 64,
                    cell: (row) => <NarrowRow columns={columns} lead={flexible} row={row} />,
                  }}
                />
              )}
            </div>
            <div className="tfoot">
              <span>
                {answer ? `${grouped(rows.length)} of ${grouped(answer.rows.length)} rows` : ''}
              </span>
              <span className="end nomob">
                <kbd>↵</kbd> all columns of the row <kbd>f</kbd> only this <kbd>x</kbd> not this{' '}
                <kbd>c</kbd> copy
              </span>
            </div>
          </div>
        </div>
      </Shell>
      {openRow === null ? null : (
        <Dialog label="Row" headed className="wide-dialog" close={() => setOpenRow(null)}>
          <dl className="dl fields mono">
            {names.map((column, at) => (
              <div key={column} className="fieldrow">
                <dt>{shown(column, 60)}</dt>
                <dd className="tele">{shown(String(openRow[at] ?? 'null'), 4200)}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </FilterActs.Provider>
  )
}
