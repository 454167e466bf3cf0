/** Facts about the window as React state. */
import { createContext, useContext, useSyncExternalStore, type RefObject } from 'react'

/** One list and one subscribe function for the whole page: a new one each time would subscribe anew at each render. */
const narrow = window.matchMedia('(max-width: 720px)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

/** One column: bottom tabs, list and detail as pages. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}

/** The scrolling `main`: in one column its rows scroll with the page. */
export const MainScroll = createContext<RefObject<HTMLElement | null>>({ current: null })

export function useMainScroll(): RefObject<HTMLElement | null> {
  return useContext(MainScroll)
}
