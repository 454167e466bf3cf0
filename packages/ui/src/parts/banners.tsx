/** Banners over a screen: the hub is away; this is a recording. */
import { useConnection, nextTryIn } from '../state/connection.ts'
import { useNow } from '../state/use-answer.ts'
import { clock } from '../view/time-words.ts'
import { shown } from '../view/shorten.ts'
import { Icon } from './icon.tsx'
import { useHub } from './hub.tsx'

function Offline({ since }: { since: number }) {
  const now = useNow(1000)
  return (
    <div className="bn off" role="status">
      <Icon name="offline" />
      <span className="grow">
        <b>Hub not reached since {clock(since)}.</b> The page shows what it has; sensors keep their
        events.
      </span>
      <span className="t3 small nowrap">retry in {Math.ceil(nextTryIn(now) / 1000)} s</span>
    </div>
  )
}

export function Banners() {
  const connection = useConnection()
  const { me } = useHub()
  if (connection.lostSince === null && me.recorded === null)
    return <div className="banners" hidden />
  return (
    <div className="banners">
      {connection.lostSince === null ? null : <Offline since={connection.lostSince} />}
      {me.recorded === null ? null : (
        <div className="bn rec">
          <Icon name="clock" />
          <span className="grow">
            <b>Recorded.</b> {shown(me.recorded, 300)} Nothing here is live.
          </span>
        </div>
      )}
    </div>
  )
}
