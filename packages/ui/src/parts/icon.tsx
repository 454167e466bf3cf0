/** Symbols of the sprite in index.html. Beside words they are hidden from screen readers. */
export function Icon({
  name,
  size,
  className,
}: {
  name: string
  size?: 12 | 14
  className?: string
}) {
  const classes = ['i', size === undefined ? '' : `i-${size}`, className ?? ''].filter(Boolean)
  return (
    <svg className={classes.join(' ')} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  )
}

export function Mark({ name, className }: { name: string; className?: string }) {
  return (
    <svg className={className} aria-hidden="true">
      <use href={`#${name}`} />
    </svg>
  )
}
