/** One sentence at the bottom left, 8 s, at most three. Never the only place for an error. */
import { useSyncExternalStore } from 'react'
import { Icon } from './icon.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly icon: 'check' | 'warn' | 'bell'
  readonly undo: (() => void) | undefined
}

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

export function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id))
}

export function say(text: string, options: { icon?: Toast['icon']; undo?: () => void } = {}): void {
  const id = nextId++
  set([...toasts, { id, text, icon: options.icon ?? 'check', undo: options.undo }].slice(-3))
  setTimeout(() => dismiss(id), 8000)
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <div className="toasts" role="status">
      {shown.map((toast) => (
        <div key={toast.id} className="toast">
          <Icon name={toast.icon} />
          <span className="grow">{toast.text}</span>
          {toast.undo === undefined ? null : (
            <button
              type="button"
              className="link"
              onClick={() => {
                toast.undo?.()
                dismiss(toast.id)
              }}
            >
              Undo
            </button>
          )}
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="x" size={12} />
          </button>
        </div>
      ))}
    </div>
  )
}
