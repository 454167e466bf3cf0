/** What a person does on the page, by pointer and by keyboard, against fixtures under the hub's policy. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Locator, Page } from 'playwright-core'
import { incidentAnswerOf, incidentUid } from '../../packages/ui/fixtures/data.ts'
import { startFixtureServer, type FixtureServer } from '../../packages/ui/fixtures/server.ts'
import { noBrowser, openBrowser, openPage } from './browser.ts'

const built = existsSync(new URL('../../packages/ui/dist/index.html', import.meta.url))
const skip = noBrowser || (built ? false : 'needs the built page: vite build packages/ui')

/** Everything that a pointer can act on, with where the keyboard must reach it. */
interface Reachable {
  readonly byTab: number
  /** Names of what neither Tab nor the arrows of its group reach. */
  readonly lost: readonly string[]
}

/** Walks by Tab once there is more to reach than the shell has. */
async function walk(page: Page): Promise<Reachable> {
  await page.waitForFunction(
    () =>
      document.querySelectorAll('main :is(button:not([disabled]), a[href], [tabindex="0"])')
        .length > 2,
  )
  await page.evaluate(() => {
    const marked = window as unknown as { wanted: Set<Element>; reached: Set<Element> }
    const all = document.querySelectorAll<HTMLElement>(
      'button:not([disabled]),a[href],input:not([disabled]),textarea,select,summary,[tabindex="0"],[role="button"]',
    )
    marked.wanted = new Set([...all].filter((one) => one.getClientRects().length > 0))
    marked.reached = new Set()
    document.addEventListener('focusin', (event) => marked.reached.add(event.target as Element))
    ;(document.activeElement as HTMLElement | null)?.blur()
  })
  const count = await page.evaluate(
    () => (window as unknown as { wanted: Set<Element> }).wanted.size,
  )
  for (let press = 0; press < count + 20; press++) await page.keyboard.press('Tab')
  return page.evaluate(() => {
    const { wanted, reached } = window as unknown as { wanted: Set<Element>; reached: Set<Element> }
    const lost: string[] = []
    let byTab = 0
    for (const one of wanted) {
      if (reached.has(one)) {
        byTab += 1
        continue
      }
      if (!one.isConnected) continue
      // A group is one stop for Tab; its arrows reach the rest.
      const group = one.closest('[role="grid"],[role="tree"],[role="tablist"],.graph,.stepsrow')
      if (group && one.getAttribute('tabindex') === '-1') continue
      lost.push(
        `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''} “${(one.getAttribute('aria-label') ?? one.textContent ?? '').trim().slice(0, 40)}”`,
      )
    }
    return { byTab, lost }
  })
}

/** Waits until there are so many: an address changes before what it names is drawn. */
async function becomes(locator: Locator, count: number): Promise<void> {
  const until = performance.now() + 30_000
  while ((await locator.count()) !== count && performance.now() < until) await sleep(50)
  assert.equal(await locator.count(), count)
}

suite('page behaviour', { skip }, () => {
  let browser: Browser
  let server: FixtureServer
  before(async () => {
    server = await startFixtureServer({})
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })
  const fresh = () => {
    server.scenario = 'full'
    server.signedIn = true
    server.recorded = null
    server.reachable = true
    server.liveRate = 200
  }

  test('takes the token out of the address before anything else is asked, and signs in once', async () => {
    fresh()
    server.signedIn = false
    server.tokens.add('hg1_onceonceonceonce0001')
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    const seen: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/api/'))
        seen.push(`${request.method()} ${new URL(request.url()).pathname} ${page.url()}`)
    })
    await page.goto(`${server.address}/#hg1_onceonceonceonce0001`)
    await page.waitForURL(/\/(incidents|first-run)/)
    assert.ok(seen[0]?.startsWith('POST /api/v1/session'), seen[0])
    assert.ok(
      seen.every((line) => !line.includes('hg1_')),
      seen.find((line) => line.includes('hg1_')),
    )
    assert.deepEqual(errors, [])
    server.signedIn = false
    await page.goto(`${server.address}/#hg1_onceonceonceonce0001`)
    await page.getByRole('heading', { name: 'This link was used or has expired' }).waitFor()
    assert.ok(await page.getByText('honeyguide status --sign-in').first().isVisible())
    server.tokens.add('hg1_pastepastepaste00002')
    await page
      .getByLabel('Or paste a link or a token')
      .fill(`${server.address}/#hg1_pastepastepaste00002`)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/(incidents|first-run)/)
  })

  test('a click on a value filters, x excludes, and the filter is in the address', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${server.address}/live`)
    await page.locator('.fa', { hasText: 'exec' }).first().click()
    await page.waitForURL(/filter=kind/)
    await becomes(page.locator('.qf .f'), 1)
    await page.locator('.fa', { hasText: 'web-' }).first().focus()
    await page.keyboard.press('x')
    await page.waitForURL(/host/)
    await becomes(page.locator('.qf .f.not'), 1)
    await page.goBack()
    await becomes(page.locator('.qf .f'), 1)
    await page.reload()
    await becomes(page.locator('.qf .f'), 1)
    assert.deepEqual(errors, [])
  })

  test('a filter changes the bars over time too, also of what was before', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    const now = Date.now()
    const span = `from=${new Date(now - 600_000).toISOString()}&to=${new Date(now).toISOString()}`
    const told = async (filter: string): Promise<number> => {
      await page.goto(`${server.address}/live?${span}&filter=${encodeURIComponent(filter)}`)
      const bars = page.getByRole('slider', { name: 'Part of the range' })
      await page.locator('.hist path[d^="M"]').first().waitFor({ state: 'attached' })
      const text = (await bars.getAttribute('aria-valuetext')) ?? ''
      return Number((/all, ([\d,]+) events/.exec(text)?.[1] ?? '0').replaceAll(',', ''))
    }
    const all = await told('')
    const some = await told('kind = exec')
    assert.ok(some > 0 && some < all, `${some} of ${all}`)
  })

  test('types a filter with completion, and says what cannot be read', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/live`)
    await page.locator('.ltbl .grow-row').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('proc')
    await page.keyboard.press('Tab')
    assert.equal(await page.getByLabel('Filter, query language').inputValue(), 'process_name ')
    await page.keyboard.type('= curl')
    await page.keyboard.press('Enter')
    await page.waitForURL(/filter=process_name/)
    await page.goto(`${server.address}/live?filter=${encodeURIComponent('name = = x')}`)
    await page
      .getByText(/Column \d+/)
      .first()
      .waitFor()
  })

  test('pauses with Space, counts what is new, and goes on', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/live`)
    await page.locator('.ltbl .grow-row').first().waitFor()
    await page.locator('main').focus()
    await page.keyboard.press('Space')
    await page.getByText('Paused').waitFor()
    await page.getByRole('button', { name: /new$/ }).waitFor()
    const first = await page.locator('.ltbl .grow-row').first().innerText()
    await page.waitForTimeout(400)
    assert.equal(
      await page.locator('.ltbl .grow-row').first().innerText(),
      first,
      'nothing moves while paused',
    )
    await page.getByRole('button', { name: /new$/ }).click()
    await page.locator('.hhrow b', { hasText: 'Live' }).waitFor()
  })

  test('tells since when the hub is away, keeps the data, and comes back by itself', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/incidents/${incidentUid(0)}`)
    await page.locator('.graph').waitFor()
    server.reachable = false
    await page.getByText(/Hub not reached since/).waitFor({ timeout: 15_000 })
    assert.ok(await page.locator('.graph').isVisible())
    assert.ok(await page.getByLabel('Add a note').isDisabled())
    server.reachable = true
    await page.getByText(/Hub not reached since/).waitFor({ state: 'detached', timeout: 40_000 })
    assert.ok(await page.getByLabel('Add a note').isEnabled())
  })

  test('sets a state with an undo, adds a note, steps by arrows', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${server.address}/incidents/${incidentUid(0)}`)
    await page.locator('.graph').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL(/step=2/)
    await page.keyboard.press('s')
    await page.getByRole('menuitemradio', { name: 'True positive' }).click()
    await page.locator('.ih .st.done').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.locator('.ih .st.prog').waitFor()
    await page.getByLabel('Add a note').fill('<b>seen</b>')
    await page.keyboard.press('Enter')
    await page.getByText('<b>seen</b>').waitFor()
    await page.getByRole('button', { name: '45 events' }).click()
    await page.getByRole('dialog', { name: 'Events of reason 4' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.waitForURL(/hunt/)
    assert.deepEqual(errors, [])
  })

  test('runs a hunt by keyboard and shows an error under its line', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/hunt`)
    const editor = page.getByLabel('Query, SQL')
    await editor.fill('SELECT 1;\nDROP TABLE x')
    await page.keyboard.press('Control+Enter')
    await page.locator('.diag').getByText('2:1').waitFor()
    await editor.fill('SELECT host FROM process_ac')
    await editor.press('End')
    await page.keyboard.type('t')
    await page.getByRole('option', { name: /process_activity/ }).waitFor()
    await page.keyboard.press('Enter')
    assert.match(await editor.inputValue(), /FROM process_activity$/)
    await page.keyboard.press('Control+Enter')
    await page
      .getByText(/^240 rows/)
      .first()
      .waitFor()
    await page.locator('[role=gridcell] .e').first().click()
    await page.waitForURL(/where=/)
  })

  test('a column menu hides, pins and groups, and a link shows the same table', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${server.address}/fleet`)
    const heads = page.getByRole('columnheader')
    await page.locator('.grow-row').first().waitFor()
    const before = await heads.count()
    const menu = async (column: string, item: string) => {
      await page.getByRole('button', { name: `Column ${column}` }).focus()
      await page.keyboard.press('Enter')
      const wanted = page.getByRole('menu').getByText(item, { exact: true })
      await wanted.waitFor()
      // By keyboard: down until it has the focus.
      for (let press = 0; press < 10; press++) {
        if ((await page.locator(':focus').innerText()).trim() === item) break
        await page.keyboard.press('ArrowDown')
      }
      await page.keyboard.press('Enter')
      await page.getByRole('menu').waitFor({ state: 'detached' })
    }
    await menu('Kernel', 'Hide column')
    await page.waitForURL(/hide=kernel/)
    await becomes(heads, before - 1)
    await menu('System', 'Pin at the left')
    await page.waitForURL(/pin=system/)
    assert.match(await heads.first().innerText(), /System/)
    await menu('Health', 'Group rows by it')
    await page.waitForURL(/group=health/)
    const groups = page.locator('.ghrow button')
    await groups.first().waitFor()
    const names = await groups.allInnerTexts()
    assert.match(names.join(' '), /healthy/)
    await becomes(page.locator('.gbody > :nth-child(2).ghrow'), 0)
    await groups.first().click()
    assert.equal(await groups.first().getAttribute('aria-expanded'), 'false')
    await becomes(page.locator('.gbody > :nth-child(2).ghrow'), 1)
    await page.reload()
    await groups.first().waitFor()
    await becomes(heads, before - 1)
    await menu('System', 'Show Kernel')
    await becomes(heads, before)
    await page.goBack()
    await becomes(heads, before - 1)
    assert.deepEqual(errors, [])
  })

  test('arrows go from row to row over the heads of groups', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/incidents?group=severity`)
    await page.locator('.ghrow').first().waitFor()
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    const chosen = page.locator('.grow-row[aria-selected="true"]')
    await becomes(chosen, 1)
    assert.match((await chosen.getAttribute('aria-label')) ?? '', /^high/)
    await page.keyboard.press('ArrowUp')
    assert.match((await chosen.getAttribute('aria-label')) ?? '', /^critical/)
  })

  test('draws the result of a hunt, and a bar of it filters the rows', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${server.address}/hunt?example=0&run=1`)
    await page.getByRole('img', { name: /^rows by first_run/ }).waitFor()
    await page.getByRole('group', { name: 'Chart by' }).getByText('host').click()
    await page.waitForURL(/chart=host/)
    const bar = page.locator('.rcv button').first()
    const count = Number((await bar.locator('.num').innerText()).replaceAll(',', ''))
    await bar.click()
    await page.waitForURL(/where=/)
    await page.getByText(`${count} of 240 rows`).waitFor()
    await page.getByRole('group', { name: 'Chart by' }).getByText('None').click()
    await page.waitForURL(/chart=none/)
    await becomes(page.locator('.rcv, .rcb'), 0)
    assert.deepEqual(errors, [])
  })

  test('a pointer on one chart marks the same moment on the others', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/incidents/${incidentUid(0)}`)
    await page.locator('.lanes').hover({ position: { x: 500, y: 20 } })
    const said = page.locator('.xh b')
    await becomes(said, 2)
    const [first, second] = await said.allInnerTexts()
    assert.equal(first, second)
    await page.locator('h1').hover()
    await becomes(said, 0)
  })

  test('reads the graph as a table, and narrows the timeline to a node and to lanes', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${server.address}/incidents/${incidentUid(0)}`)
    await page.locator('.graph').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Tidy' }).isDisabled(), 'nothing came since')
    await page.getByRole('button', { name: 'Table', exact: true }).click()
    await page.waitForURL(/view=table/)
    const table = page.getByRole('region', { name: 'Nodes of the incident' })
    await table.getByRole('button', { name: '.x1' }).last().click()
    await page.waitForURL(/node=/)
    const dimmed = page.locator('.mk.out')
    await dimmed.first().waitFor()
    assert.ok((await dimmed.count()) < (await page.locator('.mk').count()))
    await page.getByRole('button', { name: 'Show all steps on the timeline' }).click()
    await becomes(dimmed, 0)
    await page.getByRole('button', { name: 'Network', exact: true }).click()
    await page.waitForURL(/lanes=network/)
    await becomes(page.locator('.mk.n'), 0)
    assert.deepEqual(errors, [])
  })

  test('leaves the graph as it is while the incident grows, until Tidy', async () => {
    const { incident } = incidentAnswerOf(Date.now(), 'full', incidentUid(0))
    // As it was before the step in the middle was known.
    const late = new Set(incident.nodes.filter((one) => one.step === 6).map((one) => one.id))
    let now: typeof incident = {
      ...incident,
      steps: incident.steps.filter((one) => one.no !== 6),
      nodes: incident.nodes.filter((one) => !late.has(one.id)),
      edges: incident.edges.filter((one) => !late.has(one.from) && !late.has(one.to)),
    }
    await using growing = await startFixtureServer({
      get incident() {
        return now
      },
    })
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(`${growing.address}/incidents/${incidentUid(0)}`)
    const steps = page.locator('.graph .sn')
    await becomes(steps, 9)
    const tidy = page.getByRole('button', { name: 'Tidy' })
    assert.ok(await tidy.isDisabled())
    const before = await steps.allTextContents()
    now = incident
    await steps.nth(9).waitFor({ timeout: 15_000 })
    assert.deepEqual(await steps.allTextContents(), [...before, '6'])
    await tidy.click()
    await page.locator('.graph .stp:nth-of-type(6) .sn', { hasText: '6' }).waitFor()
    assert.ok(await tidy.isDisabled())
    assert.deepEqual(errors, [])
  })

  test('filters the process tree by words, keeps ancestors, and hides kinds of marks', async () => {
    fresh()
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    await page.goto(
      `${server.address}/processes?host=web-03&from=2026-11-24T13:42:00Z&to=2026-11-24T13:46:00Z`,
    )
    await page.getByRole('treeitem').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('crontab')
    await page.waitForURL(/filter=crontab/)
    const names = page.locator('.prow .pr b')
    await page.locator('.prow', { hasText: 'crontab' }).waitFor()
    assert.equal(await names.first().innerText(), 'systemd')
    assert.equal(await names.last().innerText(), 'crontab')
    await page.getByLabel('Filter processes').fill('there is none')
    await page.getByText('No process matches the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).last().click()
    await page.getByRole('treeitem').first().waitFor()
    await page.getByRole('button', { name: /^network/ }).click()
    await page.waitForURL(/without=network/)
    await becomes(page.locator('.pl .mkx.network'), 0)
    assert.deepEqual(errors, [])
  })

  test('text of a host is never markup, and nothing of it runs', async () => {
    fresh()
    server.scenario = 'hostile'
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page, errors } = opened
    let dialogs = 0
    page.on('dialog', (dialog) => {
      dialogs += 1
      void dialog.dismiss()
    })
    for (const path of [
      '/live',
      '/processes?host=web-03',
      `/incidents/${incidentUid(0)}`,
      '/hunt?run=1&sql=SELECT%201',
      '/fleet',
      '/first-run',
    ]) {
      await page.goto(server.address + path)
      await opened.drawn(10_000)
      const found = await page.evaluate(() => ({
        images: document.querySelectorAll('#root img').length,
        // Controls and bidi characters are shown, never set: only our own text may be in the page.
        hidden: /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069\u200b]/.test(
          document.body.innerText,
        ),
      }))
      assert.deepEqual(found, { images: 0, hidden: false }, path)
    }
    assert.equal(dialogs, 0)
    assert.deepEqual(errors, [])
  })

  for (const path of [
    '/incidents',
    `/incidents/${incidentUid(0)}?node=x1`,
    '/live',
    '/processes?host=web-03',
    '/hunt?run=1&sql=SELECT%201',
    '/fleet?host=00000000000000000000000000000005',
    '/first-run',
  ])
    test(`a keyboard reaches every action of ${path.split('?')[0]}`, async () => {
      fresh()
      server.liveRate = 0
      await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
      const { page } = opened
      await page.goto(server.address + path)
      await opened.drawn(10_000)
      const { byTab, lost } = await walk(page)
      assert.deepEqual(lost, [])
      assert.ok(byTab > 8)
    })

  test('values in a row are reached by arrows and filtered by f', async () => {
    fresh()
    server.liveRate = 0
    await using opened = await openPage(browser, { size: 'wide', theme: 'dark' })
    const { page } = opened
    await page.goto(`${server.address}/live`)
    await page.locator('.ltbl .grow-row').first().waitFor()
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('f')
    await page.waitForURL(/filter=host/)
  })
})
