/** Events by name: the raw evidence behind a step or a reason, each with all its fields. */
import { useEffect, useState } from 'react'
import type { ActivityRow } from '@honeyguide/model/ocsf'
import { failureOf, get, type Failure } from '../state/api-client.ts'
import { addressOf } from '../state/route.ts'
import { eventWords, kindLabel, type EventPart } from '../view/event-words.ts'
import { grouped } from '../view/number-words.ts'
import { shown, start } from '../view/shorten.ts'
import { clockMs } from '../view/time-words.ts'
import { CopyButton } from './copy.tsx'
import { FailureNote, Skeleton } from './states.tsx'
import { Value } from './value.tsx'

export function EventParts({
  parts,
  host,
  hot,
  inGrid,
}: {
  parts: readonly EventPart[]
  host: string
  hot?: boolean
  inGrid?: boolean
}) {
  return parts.map((part, at) => {
    const key = `${at}`
    switch (part.kind) {
      case 'value':
        return (
          <Value
            key={key}
            icon={part.icon}
            text={part.text}
            full={part.full}
            field={part.field}
            value={part.value}
            most={40}
            hot={hot === true && at === 0}
            inGrid={inGrid === true}
            {...(part.aside === undefined ? {} : { aside: part.aside })}
            {...(part.processUid === undefined
              ? {}
              : { open: addressOf({ screen: 'processes' }, { host, pick: part.processUid }) })}
          />
        )
      case 'sign':
        return <s key={key}>{part.text}</s>
      case 'words':
        return <q key={key}>{part.text}</q>
      case 'telemetry':
        return (
          <span key={key} className="tele rest">
            {start(shown(part.text, 600), 400)}
          </span>
        )
    }
  })
}

/** Every field of an event that holds something. */
export function EventFields({ row }: { row: ActivityRow }) {
  const fields = Object.entries(row).filter(([, value]) => value !== null && value !== '')
  return (
    <>
      <div className="row fieldsbar">
        <span className="t3 small">{grouped(fields.length)} fields, OCSF names</span>
        <span className="end">
          <CopyButton text={JSON.stringify(row, null, 2)} label="Copy JSON" what="Event" />
        </span>
      </div>
      <dl className="dl fields mono">
        {fields.map(([name, value]) => (
          <div key={name} className="fieldrow">
            <dt>{name}</dt>
            <dd className="tele">{shown(String(value), 4200)}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

const most = 50

export function EventList({ uids }: { uids: readonly string[] }) {
  const [rows, setRows] = useState<readonly (ActivityRow | Failure)[] | undefined>()
  const [open, setOpen] = useState<string | null>(uids.length === 1 ? (uids[0] ?? null) : null)
  const key = uids.join(',')
  useEffect(() => {
    const abort = new AbortController()
    const wanted = key === '' ? [] : key.split(',').slice(0, most)
    void Promise.all(
      wanted.map(async (uid) => {
        try {
          return await get<ActivityRow>(`/events/${encodeURIComponent(uid)}`, abort.signal)
        } catch (error) {
          return failureOf(error)
        }
      }),
    ).then((all) => {
      if (!abort.signal.aborted) setRows(all)
    })
    return () => abort.abort()
  }, [key])
  if (!rows) return <Skeleton label="Loading events" rows={Math.min(6, uids.length)} />
  return (
    <>
      <ul className="evlist">
        {rows.map((row, at) => {
          if ('message' in row && 'code' in row && !('class_uid' in row))
            return (
              <li key={uids[at]}>
                <FailureNote failure={row} what={`Event ${uids[at] ?? ''}`} />
              </li>
            )
          const event = row as ActivityRow
          const words = eventWords(event)
          const uid = words.uid === '' ? (uids[at] ?? '') : words.uid
          return (
            <li key={uid}>
              <div className="row wrap ev">
                <button
                  type="button"
                  className="link mono"
                  aria-expanded={open === uid}
                  onClick={() => setOpen(open === uid ? null : uid)}
                >
                  {clockMs(words.time)}
                </button>
                <span className="t2 small">{kindLabel(words.kind)}</span>
                <EventParts parts={words.parts} host={words.host} />
              </div>
              {open === uid ? <EventFields row={event} /> : null}
            </li>
          )
        })}
      </ul>
      {uids.length > most ? (
        <p className="t3 small">
          {grouped(uids.length - most)} more are not listed here; Hunt shows all.
        </p>
      ) : null}
    </>
  )
}
