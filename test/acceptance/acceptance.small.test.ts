/** Every acceptance script in its small form: the same checks, fewer of everything, no threshold on time. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { loadAcceptances, runAcceptance } from '../../scripts/acceptance.ts'

const isRoot = process.getuid?.() === 0

suite('promises, small', async () => {
  for (const acceptance of await loadAcceptances()) {
    if (!acceptance.inTests) continue
    const skip = acceptance.needsRoot && !isRoot ? 'needs root' : false
    test(`${acceptance.id}: ${acceptance.target}`, { skip, timeout: 480_000 }, async (context) => {
      const log: string[] = []
      const measured = await runAcceptance(acceptance, 'small', (text) => log.push(text))
      context.diagnostic(measured.measured)
      assert.ok(
        measured.pass,
        [measured.measured, ...(measured.details ?? []), ...log.slice(-20)].join('\n'),
      )
    })
  }
})
