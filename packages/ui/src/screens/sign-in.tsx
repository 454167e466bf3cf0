/** Sign-in: the token is already out of the address bar; here it is exchanged, or a new one is asked for. */
import { useEffect, useRef, useState } from 'react'
import type { Me } from '@honeyguide/model/api'
import { failureOf, get, post, type Failure } from '../state/api-client.ts'
import { tokenIn } from '../state/sign-in-token.ts'
import { shown } from '../view/shorten.ts'
import { clockMinute, day } from '../view/time-words.ts'
import { Command } from '../parts/copy.tsx'
import { Icon, Mark } from '../parts/icon.tsx'

const command = 'honeyguide status --sign-in'

type State =
  | { readonly kind: 'ask' }
  | { readonly kind: 'exchanging' }
  | { readonly kind: 'opening'; readonly me: Me | undefined }
  | { readonly kind: 'refused'; readonly failure: Failure }

function Step({
  state,
  title,
  children,
}: {
  state: 'done' | 'busy' | 'wait'
  title: string
  children: React.ReactNode
}) {
  return (
    <li className={state}>
      <i>
        {state === 'done' ? (
          <Icon name="check" size={12} />
        ) : state === 'busy' ? (
          <span className="spin" />
        ) : null}
      </i>
      <span>
        <b>{title}</b>
        <small>{children}</small>
      </span>
    </li>
  )
}

export function SignIn({ token, done }: { token: string | undefined; done: () => void }) {
  const [state, setState] = useState<State>({ kind: token === undefined ? 'ask' : 'exchanging' })
  const [typed, setTyped] = useState('')
  const used = useRef(false)
  const pasted = tokenIn(typed)

  const exchange = async (one: string): Promise<void> => {
    setState({ kind: 'exchanging' })
    try {
      await post('/session', { token: one })
    } catch (error) {
      setState({ kind: 'refused', failure: failureOf(error) })
      return
    }
    setState({ kind: 'opening', me: undefined })
    try {
      setState({ kind: 'opening', me: await get<Me>('/me') })
    } catch {
      // Who it is decorates this screen only; the page asks again and says what fails.
    }
    setTimeout(done, 350)
  }
  useEffect(() => {
    document.title = 'Sign in · Honeyguide'
    // A token works once: never twice, not even under React's double effects.
    if (token === undefined || used.current) return
    used.current = true
    void exchange(token)
    // One exchange per token; the function itself only closes over setters.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [token])

  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(window.location.hostname)
  return (
    <main className="signin">
      <div className="sb">
        <div className="bd">
          <Mark name="logo" />
          <b>Honeyguide</b>
          <span className="t3 mono end">{window.location.host}</span>
        </div>
        {state.kind === 'exchanging' || state.kind === 'opening' ? (
          <>
            <h1>
              {state.kind === 'opening' && state.me !== undefined ? (
                <>
                  Signing in as <span className="hl tele">{shown(state.me.user, 60)}</span>
                </>
              ) : (
                'Signing in'
              )}
            </h1>
            <p className="t2">The link works once.</p>
            <ol className="stp" aria-live="polite">
              <Step state="done" title="Link read">
                The token was taken out of the address bar before anything was loaded.
              </Step>
              <Step
                state={state.kind === 'exchanging' ? 'busy' : 'done'}
                title={state.kind === 'exchanging' ? 'Exchanging' : 'Exchanged'}
              >
                {state.kind === 'exchanging'
                  ? 'One request to this hub.'
                  : 'One request to this hub; the token is now worthless.'}
              </Step>
              <Step state={state.kind === 'opening' ? 'busy' : 'wait'} title="Opening the page">
                If nothing happens within 3 s,{' '}
                <button type="button" className="link" onClick={done}>
                  open it
                </button>
                .
              </Step>
            </ol>
            {state.kind === 'opening' && state.me?.sessionExpires ? (
              <dl className="dl">
                <dt>Session</dt>
                <dd>
                  this browser, until {day(Date.parse(state.me.sessionExpires))}{' '}
                  {clockMinute(Date.parse(state.me.sessionExpires))} UTC or sign-out
                </dd>
                <dt>Hub</dt>
                <dd>
                  {shown(state.me.hubHostname, 80)}, version {shown(state.me.version, 40)}
                </dd>
              </dl>
            ) : null}
          </>
        ) : (
          <>
            <h1>
              {state.kind === 'refused'
                ? state.failure.status === 401 || state.failure.status === 403
                  ? 'This link was used or has expired'
                  : 'The hub did not exchange the link'
                : 'Sign in to this hub'}
            </h1>
            <p className="t2" role={state.kind === 'refused' ? 'alert' : undefined}>
              {state.kind === 'refused'
                ? state.failure.status === 401 || state.failure.status === 403
                  ? 'A link opens one session and works once. '
                  : `${shown(state.failure.message, 300)} `
                : 'This hub keeps no passwords. '}
              {state.kind === 'refused' &&
              state.failure.status !== 401 &&
              state.failure.status !== 403
                ? shown(state.failure.fix, 300)
                : 'Whoever has a shell where the hub runs can make a link.'}
            </p>
            <h2>Get a new one where the hub runs</h2>
            <Command text={command} />
            {loopback ? (
              <details>
                <summary>
                  <Icon name="right" size={12} />
                  From another machine
                </summary>
                <Command
                  text={`ssh -L ${window.location.port === '' ? '80' : window.location.port}:${window.location.host} HOST ${command}`}
                />
              </details>
            ) : null}
            <form
              className="fl2"
              onSubmit={(event) => {
                event.preventDefault()
                if (pasted !== undefined) void exchange(pasted)
              }}
            >
              <label htmlFor="paste">Or paste a link or a token</label>
              <div className="row">
                <span className="field grow mono">
                  <input
                    id="paste"
                    autoComplete="off"
                    spellCheck={false}
                    autoFocus
                    value={typed}
                    aria-describedby="paste-note"
                    onChange={(event) => setTyped(event.target.value)}
                  />
                </span>
                <button type="submit" className="btn" disabled={pasted === undefined}>
                  Sign in
                </button>
              </div>
              <span id="paste-note" className="t3 small">
                {typed !== '' && pasted === undefined
                  ? 'This is neither a link with a token nor a token.'
                  : ''}
              </span>
            </form>
            {state.kind === 'refused' ? (
              <p className="hint">
                <Icon name="info" size={14} />
                <span>
                  The hub said <span className="mono">{shown(state.failure.code, 60)}</span>
                  {state.failure.id === '' ? (
                    '.'
                  ) : (
                    <>
                      , named <span className="mono">{shown(state.failure.id, 60)}</span> in its
                      log.
                    </>
                  )}
                </span>
              </p>
            ) : null}
          </>
        )}
      </div>
      <footer className="t3 small">
        <span>{loopback ? 'Loopback only' : window.location.hostname}</span>
      </footer>
    </main>
  )
}
