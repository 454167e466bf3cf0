/**
 * Writes a picture of every screen in 1440 and 390, dark and light, from fixtures with a fixed clock.
 *
 * `bin/node scripts/shots.ts FOLDER [name...]`: needs the built page and Debian's chromium.
 */
/* oxlint-disable typescript/await-thenable -- the linter does not see the disposers of these types here */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { incidentUid, processUid } from '../packages/ui/fixtures/data.ts'
import { startFixtureServer } from '../packages/ui/fixtures/server.ts'
import type { Scenario } from '../packages/ui/fixtures/scenario.ts'
import { openBrowser, openPage, type SizeName } from '../test/page/browser.ts'

const nowMs = Date.parse('2026-11-24T14:05:11.204Z')

interface Shot {
  readonly name: string
  readonly path: string
  readonly scenario?: Scenario
  readonly signedOut?: true
  readonly recorded?: string
  /** Before the picture is taken. */
  readonly keys?: readonly string[]
}

const shots: readonly Shot[] = [
  { name: 'signin', path: '/', signedOut: true },
  { name: 'signin-used', path: '/#hg1_usedusedusedused0000', signedOut: true },
  { name: 'firstrun', path: '/first-run' },
  { name: 'firstrun-waiting', path: '/first-run', scenario: 'empty' },
  { name: 'incidents', path: '/incidents' },
  { name: 'incidents-empty', path: '/incidents', scenario: 'empty' },
  { name: 'incident', path: `/incidents/${incidentUid(0)}?step=8&node=x1` },
  { name: 'incident-nodes', path: `/incidents/${incidentUid(0)}?view=nodes` },
  { name: 'incident-events', path: `/incidents/${incidentUid(0)}?events=reason-2` },
  { name: 'live', path: '/live' },
  { name: 'live-filter', path: '/live?filter=kind%20%3D%20exec', keys: ['/', 'p', 'r', 'o'] },
  { name: 'live-recorded', path: '/live', recorded: 'An hour of 24 Nov of a test machine.' },
  { name: 'live-error', path: '/live', scenario: 'error' },
  {
    name: 'processes',
    path: `/processes?host=web-03&incident=${incidentUid(0)}&pick=${processUid('x1')}&from=2026-11-24T13:42:00Z&to=2026-11-24T13:46:00Z`,
  },
  {
    name: 'processes-list',
    path: `/processes?host=web-03&incident=${incidentUid(0)}&from=2026-11-24T13:42:00Z&to=2026-11-24T13:46:00Z`,
  },
  { name: 'hunt', path: '/hunt?example=0&run=1' },
  { name: 'fleet', path: '/fleet' },
  { name: 'fleet-host', path: '/fleet?host=00000000000000000000000000000005' },
  { name: 'palette', path: '/incidents', keys: ['Control+k'] },
  { name: 'keys', path: '/incidents', keys: ['?'] },
  { name: 'hostile-live', path: '/live', scenario: 'hostile' },
  { name: 'hostile-incident', path: `/incidents/${incidentUid(0)}`, scenario: 'hostile' },
  { name: 'long-incident', path: `/incidents/${incidentUid(0)}`, scenario: 'long' },
]

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: bin/node scripts/shots.ts FOLDER [name...]')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })
await takeShots(folder, wanted)

async function takeShots(into: string, names: readonly string[]): Promise<void> {
  await using server = await startFixtureServer({ now: () => nowMs })
  await using browser = await openBrowser()
  const sizeNames = (process.env['SHOT_SIZES'] ?? 'wide,narrow').split(',') as SizeName[]
  const themes = (process.env['SHOT_THEMES'] ?? 'dark,light').split(',') as ('dark' | 'light')[]
  for (const shot of shots) {
    if (names.length > 0 && !names.includes(shot.name)) continue
    for (const size of sizeNames)
      for (const theme of themes) {
        server.scenario = shot.scenario ?? 'full'
        server.signedIn = shot.signedOut !== true
        server.recorded = shot.recorded ?? null
        await using opened = await openPage(browser, { size, theme, nowMs })
        const { page, errors } = opened
        await page.goto(server.address + shot.path)
        await page.waitForTimeout(1400)
        for (const key of shot.keys ?? []) await page.keyboard.press(key)
        if (shot.keys) await page.waitForTimeout(300)
        const name = `${shot.name}${size === 'narrow' ? '-390' : ''}-${theme}.png`
        await page.screenshot({ path: join(into, name) })
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        )
        console.log(name, wide > 0 ? `OVERFLOW ${wide}` : '', errors.join(' | '))
      }
  }
}
