import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { addressOf, readRoute } from './route.ts'
import { tokenIn } from './sign-in-token.ts'
import { readRange, readTime, spanOf, writeRange } from './time-range.ts'

const nowMs = Date.parse('2026-11-24T14:05:00.000Z')

export const target = defineTarget({
  name: 'page-address',
  parser: 'readRoute, readRange, readTime, tokenIn: what stands in the address bar or was pasted',
  seeds: () => [
    '/incidents/i-0a1b?node=x1',
    '/live?range=15m&filter=type%20%3D%20exec',
    '/processes?host=web-03&from=2026-11-24T13:42:00Z&to=2026-11-24T13:46:00Z',
    '/?#token=hg1_0123456789abcdef0123',
    '/hunt?sql=SELECT%201&run=1',
    '2026-11-24 13:42:07',
    '13:42',
  ],
  mutator: mutateText([
    '/',
    '?',
    '#',
    '&',
    '=',
    '%',
    '%00',
    '%ff',
    '%2F',
    'from=',
    'to=',
    'range=',
    '24h',
    '30d',
    'now',
    ':',
    'T',
    'Z',
    '2026-11-24',
    '-271821-04-20',
    '275760-09-13T00:00:00Z',
    'token=',
    'incidents',
    'first-run',
  ]),
  property:
    'Any address is a screen, whose own address reads as the same screen; any range has an end behind its begin; any time can be written.',
  open: () => (input) => {
    const [path = '', query = ''] = input.split('?')
    const route = readRoute(path)
    if (route.screen !== 'unknown') {
      let address: string | undefined
      try {
        address = addressOf(route)
      } catch (error) {
        // encodeURIComponent takes no lone surrogate; decodeURIComponent gives none.
        must(error instanceof URIError && !path.isWellFormed(), 'every address can be written')
      }
      if (address !== undefined)
        must(
          JSON.stringify(readRoute(address)) === JSON.stringify(route),
          'the same screen comes back',
        )
    }
    const range = readRange(new URLSearchParams(query), '1h')
    const span = spanOf(range, nowMs)
    must(span.toMs > span.fromMs, 'a range ends behind its begin')
    writeRange(range)
    const time = readTime(input, nowMs)
    if (time !== undefined) new Date(time).toISOString()
    const token = tokenIn(input)
    must(token === undefined || /^[\w-]{16,256}$/.test(token), 'a token has its shape')
    return 'taken'
  },
})
