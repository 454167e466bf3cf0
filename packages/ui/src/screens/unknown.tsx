/** An address that names no screen. */
import { Empty } from '../parts/states.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { Link } from '../parts/link.tsx'
import { shown } from '../view/shorten.ts'

export function Unknown({ path }: { path: string }) {
  const time = useScreenTime('24h')
  return (
    <Shell screen="unknown" title="Not a screen" time={time}>
      <Empty
        title="No screen has this address"
        acts={
          <Link to="/" className="btn sm">
            Go to the start
          </Link>
        }
      >
        <span className="mono wrapany">{shown(path, 200)}</span>
      </Empty>
    </Shell>
  )
}
