/** Facts about the window as React state. */
import { createContext, useContext, useSyncExternalStore, type RefObject } from 'react'

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => window.matchMedia(query).matches,
  )
}

/** One column: bottom tabs, list and detail as pages. */
export function useNarrow(): boolean {
  return useMedia('(max-width: 720px)')
}

/** The scrolling `main`: in one column its rows scroll with the page. */
export const MainScroll = createContext<RefObject<HTMLElement | null>>({ current: null })

export function useMainScroll(): RefObject<HTMLElement | null> {
  return useContext(MainScroll)
}
