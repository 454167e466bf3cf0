/** A modal dialog: focus stays inside, Esc and the scrim close it, focus comes back to where it was. */
import { useEffect, useRef, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { Icon } from './icon.tsx'

const focusable =
  'a[href],button:not([disabled]),input,textarea,select,[tabindex]:not([tabindex="-1"])'

export function Dialog({
  label,
  close,
  headed = false,
  className,
  children,
}: {
  label: string
  close: () => void
  /** With its name as a head and a button that closes it. */
  headed?: boolean
  className?: string
  children: ReactNode
}) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const before = document.activeElement
    const first = box.current?.querySelector<HTMLElement>('[data-autofocus]') ?? box.current
    first?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return createPortal(
    <div
      className="scrim"
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) close()
      }}
    >
      <div
        ref={box}
        role="dialog"
        aria-modal="true"
        aria-label={label}
        tabIndex={-1}
        className={`dialog ${className ?? ''}`}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Escape') close()
          if (event.key !== 'Tab') return
          const items = [...(box.current?.querySelectorAll<HTMLElement>(focusable) ?? [])]
          const first = items[0]
          const last = items[items.length - 1]
          if (
            event.shiftKey &&
            (document.activeElement === first || document.activeElement === box.current)
          ) {
            event.preventDefault()
            last?.focus()
          } else if (!event.shiftKey && document.activeElement === last) {
            event.preventDefault()
            first?.focus()
          }
        }}
      >
        {headed ? (
          <div className="row">
            <h2 className="grow">{label}</h2>
            <button
              type="button"
              className="btn ghost sm"
              aria-label="Close"
              data-autofocus
              onClick={close}
            >
              <Icon name="x" size={14} />
            </button>
          </div>
        ) : null}
        {children}
      </div>
    </div>,
    document.body,
  )
}
