/**
 * Every screen in every state, size and theme: nothing overflows, nothing is logged as an error, axe finds
 * nothing serious. From fixtures, under the hub's content security policy.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { incidentUid, processUid } from '../../packages/ui/fixtures/data.ts'
import { scenarios } from '../../packages/ui/fixtures/scenario.ts'
import { startFixtureServer } from '../../packages/ui/fixtures/server.ts'
import { idle, noBrowser, openBrowser, openPage, sizes, type SizeName } from './browser.ts'

const built = existsSync(new URL('../../packages/ui/dist/index.html', import.meta.url))
const skip = noBrowser || (built ? false : 'needs the built page: vite build packages/ui')

const nowMs = Date.parse('2026-11-24T14:05:11.204Z')
const span = 'from=2026-11-24T13:42:00Z&to=2026-11-24T13:46:00Z'
const screens: readonly {
  readonly name: string
  readonly path: string
  readonly signedOut?: true
}[] = [
  { name: 'sign-in', path: '/', signedOut: true },
  { name: 'first run', path: '/first-run' },
  { name: 'incidents', path: '/incidents' },
  { name: 'incident', path: `/incidents/${incidentUid(0)}?node=x1` },
  { name: 'incident as a table', path: `/incidents/${incidentUid(0)}?view=table&lanes=file` },
  { name: 'live', path: '/live' },
  { name: 'live, arranged', path: '/live?group=type&pin=event&hide=user' },
  { name: 'processes', path: `/processes?host=web-03&${span}` },
  { name: 'a process', path: `/processes?host=web-03&${span}&pick=${processUid('x1')}` },
  { name: 'hunt', path: '/hunt?run=1&sql=SELECT%201' },
  { name: 'hunt by value', path: '/hunt?run=1&sql=SELECT%201&chart=host&group=path' },
  { name: 'fleet', path: '/fleet' },
  { name: 'a host', path: '/fleet?host=00000000000000000000000000000000' },
]

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

/** Options of axe.run: every rule that may be serious, and those whose answer depends on the theme. */
const allRules = { resultTypes: ['violations'], rules: { 'target-size': { enabled: false } } }
const colorRules = {
  resultTypes: ['violations'],
  runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string | null
    readonly nodes: readonly {
      readonly target: readonly unknown[]
      readonly failureSummary?: string
    }[]
  }[]
}

// Two at a time: while one waits for its page, the other is looked at.
suite('page matrix', { skip, concurrency: 2 }, () => {
  let browser: Browser
  before(async () => {
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
  })
  for (const scenario of scenarios)
    for (const size of Object.keys(sizes) as SizeName[])
      test(`${scenario}, ${sizes[size].width} wide, dark and light`, async (t) => {
        await using server = await startFixtureServer({ now: () => nowMs })
        await using opened = await openPage(browser, { size, theme: 'dark', nowMs })
        const { page, errors } = opened
        // The policy forbids injected scripts, so axe comes in by the debugging protocol and not as an element.
        await page.addInitScript({ content: axeSource })
        const wrong: string[] = []
        const told = { looks: 0, overflows: 0, consoleErrors: 0, axeSerious: 0 }
        for (const [at, screen] of screens.entries()) {
          server.scenario = scenario
          server.signedIn = screen.signedOut !== true
          // It comes in one theme, the next screen in the other, and goes over to the other while it is open.
          const themes = at % 2 === 0 ? (['dark', 'light'] as const) : (['light', 'dark'] as const)
          for (const [turn, theme] of themes.entries()) {
            const name = `${screen.name}, ${theme}`
            await page.emulateMedia({ colorScheme: theme })
            if (turn === 0) {
              await page.goto(server.address + screen.path)
              await opened.drawn(scenario === 'loading' ? 450 : 10_000)
            } else {
              await idle(page)
            }
            const overflow = await page.evaluate(() => {
              const wide = document.documentElement.scrollWidth - window.innerWidth
              const main = document.querySelector('main')
              return Math.max(wide, main ? main.scrollWidth - main.clientWidth : 0)
            })
            told.looks += 1
            told.overflows += overflow > 0 ? 1 : 0
            if (overflow > 0) wrong.push(`${name}: ${overflow} px too wide`)
            // The elements are the same in both themes; what hangs on colours is asked of each.
            const result = await page.evaluate<AxeResult>(
              `axe.run(document, ${JSON.stringify(turn === 0 ? allRules : colorRules)})`,
            )
            for (const violation of result.violations)
              if (violation.impact === 'serious' || violation.impact === 'critical') {
                told.axeSerious += 1
                wrong.push(
                  `${name}: ${violation.id} at ${violation.nodes
                    .slice(0, 3)
                    .map(
                      (node) =>
                        `${node.target.join(' ')} (${(node.failureSummary ?? '').replaceAll(/\s+/g, ' ').slice(0, 160)})`,
                    )
                    .join('; ')}`,
                )
              }
            told.consoleErrors += errors.length
            wrong.push(...errors.splice(0).map((error) => `${name}: ${error}`))
          }
        }
        t.diagnostic(JSON.stringify(told))
        assert.deepEqual(wrong, [])
      })
})
