/** The menu on a table's head: order, pin, group, copy, hide, and bring back what is hidden. */
import { useMemo } from 'react'
import { changeQuery, useAddress } from '../state/navigation.ts'
import { counted } from '../view/number-words.ts'
import { readTableView, toggled, writeTableView, type TableView } from '../view/table-view.ts'
import { Icon } from './icon.tsx'
import { Popover } from './popover.tsx'

/** The arrangement of this screen's table, as the address has it, and how to change it. */
export function useTableView(): readonly [TableView, (view: TableView) => void] {
  const { params } = useAddress()
  const view = useMemo(
    () =>
      readTableView({
        hide: params.get('hide') ?? '',
        pin: params.get('pin') ?? '',
        group: params.get('group') ?? '',
      }),
    [params],
  )
  return [view, (next) => changeQuery(writeTableView(next), 'push')]
}

export function ColumnMenu({
  column,
  columns,
  view,
  onView,
  sort,
  onSort,
  groups,
  onCopy,
  last,
  side,
}: {
  column: { readonly key: string; readonly head: string }
  columns: readonly { readonly key: string; readonly head: string }[]
  view: TableView
  onView: (view: TableView) => void
  /** How rows are ordered by this column; undefined when they cannot be. */
  sort: 'none' | 'up' | 'down' | undefined
  onSort: (way: 'up' | 'down') => void
  groups: boolean
  /** Copies its values; undefined when they are no text. */
  onCopy: (() => void) | undefined
  /** The only column that is shown: it stays. */
  last: boolean
  /** Where its menu opens, so that it stays on the screen. */
  side: 'to-left' | 'to-right'
}) {
  const { key, head } = column
  const pinned = view.pinned.includes(key)
  const grouped = view.group === key
  const hidden = columns.filter((one) => view.hidden.includes(one.key))
  const item = (label: string, icon: string, act: () => void, on?: boolean) => (
    <button
      type="button"
      role={on === undefined ? 'menuitem' : 'menuitemcheckbox'}
      {...(on === undefined ? {} : { 'aria-checked': on })}
      className="opt"
      onClick={act}
    >
      <Icon name={icon} size={14} />
      {label}
    </button>
  )
  return (
    <Popover
      label={`Column ${head}`}
      spoken={`Column ${head}`}
      role="menu"
      side={side}
      className="colm"
      button={<Icon name="down" size={12} />}
    >
      {(close) => {
        const then = (act: () => void) => () => {
          act()
          close()
        }
        return (
          <>
            {sort === undefined ? null : (
              <>
                {item(
                  'Ascending',
                  'up',
                  then(() => onSort('up')),
                  sort === 'up',
                )}
                {item(
                  'Descending',
                  'down',
                  then(() => onSort('down')),
                  sort === 'down',
                )}
              </>
            )}
            {item(
              'Pin at the left',
              'pin',
              then(() => onView({ ...view, pinned: toggled(view.pinned, key) })),
              pinned,
            )}
            {groups
              ? item(
                  'Group rows by it',
                  'table',
                  then(() => onView({ ...view, group: grouped ? '' : key })),
                  grouped,
                )
              : null}
            {onCopy === undefined ? null : item('Copy its values', 'copy', then(onCopy))}
            {last
              ? null
              : item(
                  'Hide column',
                  'x',
                  then(() =>
                    onView({
                      ...view,
                      hidden: [...view.hidden, key],
                      pinned: view.pinned.filter((one) => one !== key),
                    }),
                  ),
                )}
            {hidden.length === 0 ? null : (
              <>
                <h3>{counted(hidden.length, 'hidden column')}</h3>
                {hidden.map((one) => (
                  <span key={one.key} role="none">
                    {item(
                      `Show ${one.head === '' ? one.key : one.head}`,
                      'plus',
                      then(() =>
                        onView({
                          ...view,
                          hidden: view.hidden.filter((other) => other !== one.key),
                        }),
                      ),
                    )}
                  </span>
                ))}
              </>
            )}
          </>
        )
      }}
    </Popover>
  )
}
