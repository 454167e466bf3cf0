/** What one browser remembers: theme, rail, hunts, single-letter keys. localStorage may be forbidden: then nothing is kept. */
import { useSyncExternalStore } from 'react'

const prefix = 'honeyguide.'
const listeners = new Set<() => void>()
const memory = new Map<string, string>()

export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name)
  } catch {
    return memory.get(name) ?? null
  }
}

export function writePreference(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value)
  } catch {
    memory.set(name, value)
  }
  for (const listener of listeners) listener()
}

export function usePreference(name: string): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => readPreference(name),
  )
}

export type Theme = 'dark' | 'light'

export function themeNow(): Theme {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'dark' || chosen === 'light') return chosen
  return window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
}

/** Applies the stored theme, or follows the system's. The attribute is always set: nested rules depend on it. */
export function applyTheme(): void {
  const stored = readPreference('theme')
  const system: Theme = window.matchMedia('(prefers-color-scheme: light)').matches
    ? 'light'
    : 'dark'
  document.documentElement.dataset['theme'] =
    stored === 'dark' || stored === 'light' ? stored : system
}

export function switchTheme(): void {
  writePreference('theme', themeNow() === 'dark' ? 'light' : 'dark')
  applyTheme()
}
