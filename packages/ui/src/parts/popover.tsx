/** A button with a panel below it. Esc and a click outside close it; focus goes in and comes back. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'

export function Popover({
  label,
  spoken,
  button,
  children,
  className,
  panelClass,
  side = 'to-right',
  role = 'dialog',
  shortcut,
}: {
  /** Name of the panel. */
  label: string
  /** Said before the words on the button; the button's name is what stands on it. */
  spoken?: string
  button: ReactNode
  children: (close: () => void) => ReactNode
  className?: string
  panelClass?: string
  side?: 'to-right' | 'to-left'
  role?: 'dialog' | 'menu'
  /** Event name on `window` that opens it, for keys. */
  shortcut?: string
}) {
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLSpanElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const id = useId()
  useEffect(() => {
    if (shortcut === undefined) return
    const show = () => setOpen(true)
    window.addEventListener(shortcut, show)
    return () => window.removeEventListener(shortcut, show)
  }, [shortcut])
  useEffect(() => {
    if (!open) return
    const first = panel.current?.querySelector<HTMLElement>('[data-autofocus],button,a,input')
    ;(first ?? panel.current)?.focus()
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false)
    }
    window.addEventListener('pointerdown', outside)
    return () => window.removeEventListener('pointerdown', outside)
  }, [open])
  const close = () => {
    setOpen(false)
    opener.current?.focus()
  }
  return (
    <span
      className="anchor"
      ref={box}
      onKeyDown={(event) => {
        if (!open) return
        if (event.key === 'Escape') {
          event.stopPropagation()
          close()
        }
        if (role === 'menu' && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
          event.preventDefault()
          const items = [
            ...(panel.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? []),
          ]
          const at = items.findIndex((item) => item === document.activeElement)
          const next = (at + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length
          items[next]?.focus()
        }
      }}
      onBlur={(event) => {
        if (
          open &&
          event.relatedTarget instanceof Node &&
          !box.current?.contains(event.relatedTarget)
        )
          setOpen(false)
      }}
    >
      <button
        type="button"
        ref={opener}
        className={className ?? 'ctl'}
        aria-haspopup={role}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {spoken === undefined ? null : <span className="vh">{spoken} </span>}
        {button}
      </button>
      {open ? (
        <div
          ref={panel}
          id={id}
          role={role}
          aria-label={label}
          tabIndex={-1}
          className={`pop below ${side} ${panelClass ?? ''}`}
        >
          {children(close)}
        </div>
      ) : null}
    </span>
  )
}
