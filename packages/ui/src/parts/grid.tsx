/**
 * A table of any length: rows of one height, only those in view are drawn.
 *
 * One tab stop: arrows or `j` `k` choose a row, left and right reach the values in it, Enter opens it.
 * In one column rows become cards that scroll with the page.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react'
import { useKeys } from './keys.ts'
import { counted, grouped } from '../view/number-words.ts'
import { shown } from '../view/shorten.ts'
import { arrangedColumns, groupedLines, trackWidth, type TableLine } from '../view/table-view.ts'
import { ColumnMenu, useTableView } from './column-menu.tsx'
import { copyText } from './copy.tsx'
import { useMainScroll, useNarrow } from './media.ts'
import { Icon } from './icon.tsx'

export interface GridColumn<Row> {
  readonly key: string
  readonly head: string
  /** A track of `grid-template-columns`. */
  readonly width: string
  readonly num?: boolean
  readonly cell: (row: Row, index: number) => ReactNode
  readonly title?: string
  /** Its value as text: what rows are grouped by and what copying gives; undefined for none. */
  readonly text?: (row: Row) => string | undefined
  /** Grouping by it makes sense: a few values, each in many rows. */
  readonly groups?: boolean
  /** Place of a group among the others; without it groups are in the order of their names. */
  readonly rank?: (value: string) => number
}

export interface GridSort {
  readonly key: string
  readonly down: boolean
}

export interface GridProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly GridColumn<Row>[]
  readonly rowHeight: number
  readonly rowKey: (row: Row, index: number) => string | number
  readonly rowName: (row: Row) => string
  readonly selected: number
  readonly onSelect: (index: number) => void
  readonly onOpen?: (row: Row, index: number) => void
  readonly onKey?: (key: string, row: Row, index: number) => boolean
  readonly rowClass?: (row: Row) => string
  /** A row that is one cell over all columns: loss. */
  readonly whole?: (row: Row) => ReactNode | undefined
  /** Its height; that of the others when absent. */
  readonly wholeHeight?: number
  readonly narrow?: {
    readonly height: number
    readonly cell: (row: Row, index: number) => ReactNode
  }
  readonly sort?: GridSort
  /** `way` when a menu asked for it; without one the next of up, down and none is meant. */
  readonly onSort?: (key: string, way?: 'up' | 'down') => void
  readonly sortable?: ReadonlySet<string>
  readonly onScrolled?: (atTop: boolean) => void
  readonly className?: string
  /** Rows that exist in all, when more than `rows`. */
  readonly total?: number
}

/** Most values that copying a column gives: a clipboard is no export. */
const mostCopied = 10_000
const groupHeight = 28
const gap = 16

export function Grid<Row>(props: GridProps<Row>) {
  const { rows } = props
  const [view, setView] = useTableView()
  const columns = arrangedColumns(props.columns, view)
  const groupBy = props.columns.find((one) => one.key === view.group && one.groups)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  // A row is known by its index in `rows`; where it is drawn depends on the groups above it.
  const lines = useMemo<readonly TableLine[] | null>(
    () =>
      groupBy === undefined
        ? null
        : groupedLines(
            rows.map((row) => groupBy.text?.(row)),
            closed,
            groupBy.rank,
          ),
    // The function of a column is a new one at each render and does the same.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [rows, groupBy?.key, closed],
  )
  const lineAt = (at: number): TableLine => lines?.[at] ?? { kind: 'row', index: at }
  const lineOf = (index: number) =>
    lines === null ? index : lines.findIndex((line) => line.kind === 'row' && line.index === index)
  const narrow = useNarrow()
  const mainScroll = useMainScroll()
  const own = useRef<HTMLDivElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const id = useId()
  const asCards = narrow && props.narrow !== undefined
  const [margin, setMargin] = useState(0)
  // What stands above the rows may change at any render; the guard below ends it when nothing moved.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    if (!narrow) return
    const main = mainScroll.current
    const here = body.current
    if (!main || !here) return
    const next =
      here.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop
    setMargin((before) => (Math.abs(before - next) < 1 ? before : next))
  })
  const height = asCards ? (props.narrow?.height ?? props.rowHeight) : props.rowHeight
  const virtual = useVirtualizer({
    count: lines?.length ?? rows.length,
    getScrollElement: () => (narrow ? mainScroll.current : own.current),
    estimateSize: (at) => {
      const line = lineAt(at)
      if (line.kind === 'group') return groupHeight
      const row = rows[line.index]
      return props.wholeHeight !== undefined &&
        row !== undefined &&
        props.whole?.(row) !== undefined
        ? props.wholeHeight
        : height
    },
    overscan: 6,
    scrollMargin: narrow ? margin : 0,
    useFlushSync: false,
  })
  // Sizes change with the form of the rows.
  // Where whole rows have a height of their own, it depends on which rows there are.
  const sized = props.wholeHeight === undefined ? null : rows
  useEffect(() => virtual.measure(), [height, lines, sized, virtual])

  const select = (index: number) => {
    if (rows.length === 0) return
    const next = Math.max(0, Math.min(rows.length - 1, index))
    props.onSelect(next)
    const line = lineOf(next)
    if (line >= 0) virtual.scrollToIndex(line, { align: 'auto' })
  }
  /** The row that is `by` rows further on screen, whatever heads of groups lie between. */
  const beside = (index: number, by: number): number => {
    if (lines === null) return index + by
    const shown = lines.flatMap((line) => (line.kind === 'row' ? [line.index] : []))
    const at = shown.indexOf(index)
    return shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by))] ?? index
  }
  const rowElement = (index: number) =>
    body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null

  const values = (index: number) => [
    ...(rowElement(index)?.querySelectorAll<HTMLElement>('button,a,input') ?? []),
  ]
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    // The head has menus with keys of their own.
    if (event.target instanceof Element && event.target.closest('.ghead') !== null) return
    const at = props.selected
    const row = rows[at]
    const inside = event.target !== event.currentTarget
    const page = Math.max(1, Math.floor((own.current?.clientHeight ?? 400) / height) - 2)
    const done = () => {
      event.preventDefault()
      event.stopPropagation()
    }
    const steps: Record<string, number> = {
      ArrowDown: beside(at, 1),
      ArrowUp: beside(at, -1),
      PageDown: beside(at, page),
      PageUp: beside(at, -page),
      Home: beside(at, -rows.length),
      End: beside(at, rows.length),
    }
    const step = steps[event.key]
    if (step !== undefined) {
      done()
      select(step)
      own.current?.focus()
      return
    }
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      const items = values(at)
      if (items.length === 0) return
      done()
      const now = items.findIndex((item) => item === document.activeElement)
      const next = event.key === 'ArrowRight' ? now + 1 : now - 1
      if (next < 0) own.current?.focus()
      else items[Math.min(next, items.length - 1)]?.focus()
      return
    }
    if (event.key === 'Escape' && inside) {
      done()
      own.current?.focus()
      return
    }
    if (row === undefined || inside) return
    if (event.key === 'Enter' || event.key === 'o') {
      if (props.onOpen) {
        done()
        props.onOpen(row, at)
      }
      return
    }
    if (props.onKey?.(event.key, row, at) === true) done()
    else if (event.key === 'f' || event.key === 'x' || event.key === 'c') {
      // On the row itself these act on its first value.
      const first = values(at).find((item) => item.classList.contains('e'))
      if (first) {
        done()
        first.dispatchEvent(
          new globalThis.KeyboardEvent('keydown', { key: event.key, bubbles: true }),
        )
      }
    }
  }
  useKeys({
    j: () => {
      select(beside(props.selected, 1))
      own.current?.focus()
    },
    k: () => {
      select(beside(props.selected, -1))
      own.current?.focus()
    },
  })
  // A pinned column needs a width of its own, so that the next one knows where to stand.
  const widths = columns.map((column) =>
    view.pinned.includes(column.key) ? `${trackWidth(column.width, 220)}px` : column.width,
  )
  const template = { gridTemplateColumns: widths.join(' ') }
  let left = gap
  const pins = columns.map((column, at) => {
    if (!view.pinned.includes(column.key)) return undefined
    const place = { left }
    left += trackWidth(widths[at] ?? '', 220) + gap
    return place
  })
  const copyColumn = (column: GridColumn<Row>) => {
    const values = rows.flatMap((row) => column.text?.(row) ?? []).slice(0, mostCopied)
    void copyText(values.join('\n'), counted(values.length, 'value'))
  }
  const items = virtual.getVirtualItems()
  const selectedDrawn = items.some((item) => {
    const line = lineAt(item.index)
    return line.kind === 'row' && line.index === props.selected
  })
  return (
    <div
      ref={own}
      className={`grid ${narrow ? '' : 'scrolls'} ${props.className ?? ''}`}
      role="grid"
      aria-label={props.label}
      aria-rowcount={(props.total ?? rows.length) + 1}
      aria-multiselectable={false}
      tabIndex={0}
      aria-activedescendant={
        selectedDrawn && rows.length > 0 ? `${id}-${props.selected}` : undefined
      }
      onKeyDown={keys}
      onScroll={(event) => props.onScrolled?.(event.currentTarget.scrollTop < height)}
    >
      {asCards ? null : (
        <div className="ghead" role="rowgroup">
          <div role="row" aria-rowindex={1} style={template}>
            {columns.map((column, at) => {
              const sorted = props.sort?.key === column.key
              const sortable = props.sortable?.has(column.key) === true
              const way = sorted ? (props.sort?.down ? 'down' : 'up') : 'none'
              return (
                <span
                  key={column.key}
                  role="columnheader"
                  className={`${column.num === true ? 'num' : ''} ${pins[at] ? 'pinned' : ''}`}
                  style={pins[at]}
                  title={column.title}
                  {...(sortable
                    ? {
                        'aria-sort': sorted
                          ? props.sort?.down
                            ? 'descending'
                            : 'ascending'
                          : 'none',
                      }
                    : {})}
                >
                  {sortable ? (
                    <button
                      type="button"
                      className="colh"
                      onClick={() => props.onSort?.(column.key)}
                    >
                      <span className="trunc">{column.head}</span>
                      {sorted ? <Icon name={way} size={12} /> : null}
                    </button>
                  ) : (
                    <span className="trunc">{column.head}</span>
                  )}
                  <ColumnMenu
                    column={{ key: column.key, head: column.head || column.key }}
                    columns={props.columns}
                    view={view}
                    onView={setView}
                    sort={sortable ? way : undefined}
                    onSort={(wanted) => props.onSort?.(column.key, wanted)}
                    groups={column.groups === true}
                    onCopy={column.text === undefined ? undefined : () => copyColumn(column)}
                    last={columns.length === 1}
                    side={at < columns.length / 2 ? 'to-right' : 'to-left'}
                  />
                </span>
              )
            })}
          </div>
        </div>
      )}
      <div ref={body} className="gbody" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const line = lineAt(item.index)
          const place = { transform: `translateY(${item.start - (narrow ? margin : 0)}px)` }
          if (line.kind === 'group') {
            const open = !closed.has(line.value)
            return (
              <div
                key={`group ${line.value}`}
                role="row"
                aria-rowindex={item.index + 2}
                className="grow-row ghrow"
                style={{ height: groupHeight, ...place, display: 'block' }}
              >
                <div role="gridcell">
                  <button
                    type="button"
                    aria-expanded={open}
                    onClick={() => {
                      const next = new Set(closed)
                      if (open) next.add(line.value)
                      else next.delete(line.value)
                      setClosed(next)
                    }}
                  >
                    <Icon name={open ? 'down' : 'right'} size={12} />
                    <span className="t3">{groupBy?.head || groupBy?.key}</span>
                    <b className="tele trunc">
                      {line.value === '' ? 'none' : shown(line.value, 120)}
                    </b>
                    <span className="t3">{grouped(line.count)}</span>
                  </button>
                </div>
              </div>
            )
          }
          const { index } = line
          const row = rows[index]
          if (row === undefined) return null
          const whole = props.whole?.(row)
          return (
            <div
              key={props.rowKey(row, index)}
              id={`${id}-${index}`}
              data-index={index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={index === props.selected}
              aria-label={props.rowName(row)}
              className={`grow-row ${props.rowClass?.(row) ?? ''} ${whole === undefined ? '' : 'gaprow'} ${asCards ? 'ncard' : ''}`}
              style={{
                height: item.size,
                ...place,
                ...(asCards || whole !== undefined ? { display: 'block' } : template),
              }}
              onClick={() => {
                props.onSelect(index)
                if (asCards) props.onOpen?.(row, index)
              }}
              onDoubleClick={() => props.onOpen?.(row, index)}
            >
              {whole !== undefined ? (
                <div role="gridcell">{whole}</div>
              ) : asCards ? (
                <div role="gridcell">{props.narrow?.cell(row, index)}</div>
              ) : (
                columns.map((column, at) => (
                  <div
                    key={column.key}
                    role="gridcell"
                    className={`${column.num === true ? 'num' : ''} ${pins[at] ? 'pinned' : ''}`}
                    style={pins[at]}
                  >
                    {column.cell(row, index)}
                  </div>
                ))
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}
