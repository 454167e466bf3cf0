/** A link within the page: real address, no load. */
import type { ReactNode } from 'react'
import { go } from '../state/navigation.ts'

export function Link({
  to,
  className,
  children,
  label,
  current,
  title,
  tabIndex,
}: {
  to: string
  className?: string
  children: ReactNode
  label?: string
  current?: boolean
  title?: string
  tabIndex?: number
}) {
  return (
    <a
      href={to}
      className={className}
      aria-label={label}
      aria-current={current === true ? 'page' : undefined}
      title={title}
      tabIndex={tabIndex}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        event.stopPropagation()
        go(to)
      }}
    >
      {children}
    </a>
  )
}
