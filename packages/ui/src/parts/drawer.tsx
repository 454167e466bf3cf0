/** The detail beside a list: a drawer, and in one column a page of its own with the way back to the list. */
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

export function Drawer({
  label,
  list,
  close,
  children,
}: {
  label: string
  /** Name of the list that it belongs to, for the way back. */
  list: string
  close: () => void
  children: ReactNode
}) {
  return (
    <aside className="drawer detail" aria-label={label}>
      <button type="button" className="back" onClick={close}>
        <Icon name="left" size={14} />
        {list}
      </button>
      {children}
    </aside>
  )
}

/** In one column the way back closes it, so this is not drawn there. */
export function DrawerClose({ close }: { close: () => void }) {
  return (
    <button type="button" className="btn ghost sm nomob" aria-label="Close" onClick={close}>
      <Icon name="x" size={14} />
    </button>
  )
}
