/** Search or run: screens, incidents, hosts, and what was typed as a filter or a hunt. */
import { useId, useState } from 'react'
import { go } from '../state/navigation.ts'
import { switchTheme } from '../state/preferences.ts'
import { addressOf } from '../state/route.ts'
import { screens } from '../view/screens.ts'
import { plainSentence } from '../view/sentence.ts'
import { shown, start } from '../view/shorten.ts'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'
import { useHub } from './hub.tsx'

interface Entry {
  readonly group: string
  readonly icon: string
  readonly name: string
  readonly detail: string
  readonly run: () => void
}

export function Palette({ close }: { close: () => void }) {
  const { hosts, openIncidents } = useHub()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const wanted = typed.trim().toLowerCase()
  const has = (text: string) => text.toLowerCase().includes(wanted)
  const quoted = typed.trim().replaceAll("'", "''")
  const entries: readonly Entry[] = [
    ...screens
      .filter((one) => has(one.name))
      .map((one) => ({
        group: 'Go to',
        icon: one.icon,
        name: one.name,
        detail: `g ${one.key}`,
        run: () => go(addressOf({ screen: one.screen })),
      })),
    ...(openIncidents ?? [])
      .filter((one) => has(one.uid) || has(plainSentence(one.title)))
      .slice(0, 6)
      .map((one) => ({
        group: 'Incidents',
        icon: 'incidents',
        name: start(plainSentence(one.title), 70),
        detail: one.uid,
        run: () => go(addressOf({ screen: 'incident', uid: one.uid })),
      })),
    ...(hosts ?? [])
      .filter((one) => wanted !== '' && has(one.hostname))
      .slice(0, 6)
      .map((one) => ({
        group: 'Hosts',
        icon: 'host',
        name: shown(one.hostname, 60),
        detail: one.health,
        run: () => go(addressOf({ screen: 'fleet' }, { host: one.uid })),
      })),
    ...(wanted === ''
      ? []
      : [
          {
            group: 'Look for it',
            icon: 'live',
            name: `Live events with “${shown(typed.trim(), 40)}”`,
            detail: '',
            run: () => go(addressOf({ screen: 'live' }, { filter: JSON.stringify(typed.trim()) })),
          },
          {
            group: 'Look for it',
            icon: 'hunt',
            name: `Hunt “${shown(typed.trim(), 40)}” in command lines`,
            detail: '',
            run: () =>
              go(
                addressOf(
                  { screen: 'hunt' },
                  {
                    sql: `SELECT time, device_hostname, process_name, process_cmd_line\nFROM process_activity\nWHERE activity_name = 'Launch' AND contains(process_cmd_line, '${quoted}')\nORDER BY time DESC\nLIMIT 200`,
                  },
                ),
              ),
          },
        ]),
    ...(has('switch theme')
      ? [{ group: 'Acts', icon: 'theme', name: 'Switch theme', detail: '', run: switchTheme }]
      : []),
  ]
  const chosen = Math.min(at, entries.length - 1)
  const run = (entry: Entry | undefined) => {
    if (!entry) return
    close()
    entry.run()
  }
  return (
    <Dialog label="Search or run" close={close} className="palette">
      <div className="field">
        <Icon name="search" size={14} />
        <input
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
          aria-label="Search or run"
          placeholder="Search or run"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault()
              const by = event.key === 'ArrowDown' ? 1 : -1
              setAt((chosen + by + entries.length) % Math.max(1, entries.length))
            }
            if (event.key === 'Enter') {
              event.preventDefault()
              run(entries[chosen])
            }
          }}
        />
      </div>
      <div role="listbox" id={`${id}-list`} aria-label="Results">
        {entries.map((entry, index) => (
          <div
            key={`${entry.group}${entry.name}${entry.detail}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className="opt"
            onPointerMove={() => setAt(index)}
            onClick={() => run(entry)}
          >
            <Icon name={entry.icon} size={14} />
            <span className="trunc tele">{entry.name}</span>
            <span className="end mono">{entry.detail}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 ? <p className="t2 small">Nothing has that name.</p> : null}
    </Dialog>
  )
}
