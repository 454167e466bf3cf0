/** The keyboard of the page: single letters and `g` chords, off while typing and when a person turned them off. */
import { useEffect, useRef } from 'react'
import { readPreference } from '../state/preferences.ts'

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  )
}

/** A control that does something of its own on Space or Enter. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('button,a,summary,[role="tab"],[role="option"]') !== null
  )
}

let chord = 0

/** Keys as `j`, `?`, `Escape`, ` `, `g l`, `mod+k`. Handlers may change between renders. */
export function useKeys(map: KeyMap): void {
  const now = useRef(map)
  now.current = map
  useEffect(() => {
    let before = ''
    let beforeAt = 0
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      const handlers = now.current
      if (event.metaKey || event.ctrlKey) {
        const held = handlers[`mod+${event.key.toLowerCase()}`]
        if (held) {
          event.preventDefault()
          held(event)
        }
        return
      }
      if (event.altKey) return
      if (isTyping(event.target)) return
      if (event.key.length === 1 && readPreference('letters') === 'off' && event.key !== ' ') return
      if ((event.key === ' ' || event.key === 'Enter') && isControl(event.target)) return
      const second = Date.now() - beforeAt < 1200 ? handlers[`${before} ${event.key}`] : undefined
      // After `g`, the next letter belongs to the chord for everybody who listens.
      if (second) {
        chord = Date.now()
        before = ''
        event.preventDefault()
        second(event)
        return
      }
      if (before === 'g' && Date.now() - beforeAt < 1200) {
        before = ''
        return
      }
      before = event.key
      beforeAt = Date.now()
      const handler = handlers[event.key]
      if (handler && Date.now() - chord > 50) {
        event.preventDefault()
        handler(event)
      }
    }
    window.addEventListener('keydown', down)
    return () => window.removeEventListener('keydown', down)
  }, [])
}
