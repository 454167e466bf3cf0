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
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react'
import { useKeys } from './keys.ts'
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
  /** Folded below 1200 px. */
  readonly wide?: boolean
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
  readonly narrow?: {
    readonly height: number
    readonly cell: (row: Row, index: number) => ReactNode
  }
  readonly sort?: GridSort
  readonly onSort?: (key: string) => void
  readonly sortable?: ReadonlySet<string>
  readonly onScrolled?: (atTop: boolean) => void
  readonly className?: string
  /** Rows that exist in all, when more than `rows`. */
  readonly total?: number
}

export function Grid<Row>(props: GridProps<Row>) {
  const { rows, columns } = props
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
    count: rows.length,
    getScrollElement: () => (narrow ? mainScroll.current : own.current),
    estimateSize: () => height,
    overscan: 6,
    scrollMargin: narrow ? margin : 0,
    useFlushSync: false,
  })
  // Sizes change with the form of the rows.
  useEffect(() => virtual.measure(), [height, virtual])

  const select = (index: number) => {
    if (rows.length === 0) return
    const next = Math.max(0, Math.min(rows.length - 1, index))
    props.onSelect(next)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  const rowElement = (index: number) =>
    body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null

  const values = (index: number) => [
    ...(rowElement(index)?.querySelectorAll<HTMLElement>('button,a,input') ?? []),
  ]
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const at = props.selected
    const row = rows[at]
    const inside = event.target !== event.currentTarget
    const page = Math.max(1, Math.floor((own.current?.clientHeight ?? 400) / height) - 2)
    const done = () => {
      event.preventDefault()
      event.stopPropagation()
    }
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
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
      select(props.selected + 1)
      own.current?.focus()
    },
    k: () => {
      select(props.selected - 1)
      own.current?.focus()
    },
  })
  const template = { gridTemplateColumns: columns.map((column) => column.width).join(' ') }
  const items = virtual.getVirtualItems()
  const selectedDrawn = items.some((item) => item.index === props.selected)
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
            {columns.map((column) => {
              const sorted = props.sort?.key === column.key
              const sortable = props.sortable?.has(column.key) === true
              return (
                <span
                  key={column.key}
                  role="columnheader"
                  className={column.num === true ? 'num' : ''}
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
                    <button type="button" onClick={() => props.onSort?.(column.key)}>
                      {column.head}
                      {sorted ? <Icon name={props.sort?.down ? 'down' : 'up'} size={12} /> : null}
                    </button>
                  ) : (
                    column.head
                  )}
                </span>
              )
            })}
          </div>
        </div>
      )}
      <div ref={body} className="gbody" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          const whole = props.whole?.(row)
          return (
            <div
              key={props.rowKey(row, item.index)}
              id={`${id}-${item.index}`}
              data-index={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={item.index === props.selected}
              aria-label={props.rowName(row)}
              className={`grow-row ${props.rowClass?.(row) ?? ''} ${whole === undefined ? '' : 'gaprow'} ${asCards ? 'ncard' : ''}`}
              style={{
                height,
                transform: `translateY(${item.start - (narrow ? margin : 0)}px)`,
                ...(asCards || whole !== undefined ? { display: 'block' } : template),
              }}
              onClick={() => {
                props.onSelect(item.index)
                if (asCards) props.onOpen?.(row, item.index)
              }}
              onDoubleClick={() => props.onOpen?.(row, item.index)}
            >
              {whole !== undefined ? (
                <div role="gridcell">{whole}</div>
              ) : asCards ? (
                <div role="gridcell">{props.narrow?.cell(row, item.index)}</div>
              ) : (
                columns.map((column) => (
                  <div
                    key={column.key}
                    role="gridcell"
                    className={column.num === true ? 'num' : ''}
                  >
                    {column.cell(row, item.index)}
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
