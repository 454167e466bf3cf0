/**
 * TAP that names the file: a line `FILE path` before the first test of each, as test/vm/tap.ts reads it. Files that
 * run in one process (starting and importing takes an emulated machine seconds) are otherwise not told apart.
 *
 * node:test wants a default export here.
 */
import { relative } from 'node:path'
import { tap } from 'node:test/reporters'

type Source = Parameters<typeof tap>[0]

export default async function* report(source: Source): AsyncGenerator<string> {
  let file = ''
  const heads: string[] = []
  async function* noting(): Source {
    for await (const event of source) {
      const of = event.type === 'test:start' ? event.data.file : undefined
      if (of !== undefined && of !== file) {
        file = of
        heads.push(`FILE ${relative(process.cwd(), of)}\n`)
      }
      yield event
    }
  }
  for await (const text of tap(noting())) {
    yield heads.splice(0).join('')
    if (text) yield text
  }
}
