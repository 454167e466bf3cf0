/** Runs a launcher over the fake daemons, for tests that kill it: `launch.child.ts ROOT STATE PORT`. */
import { resolveConfig } from '@honeyguide/model/config'
import { appLayout, instanceOf } from '../place.ts'
import { createReporter } from '../terminal/reporter.ts'
import { launch } from './launch.ts'

const [root = '', state = '', port = '0'] = process.argv.slice(2)
const resolved = resolveConfig({ flags: [{ name: 'hub.listen.port', value: port, flag: 'test' }] })
if (!('config' in resolved)) throw new Error('the test gives a wrong configuration')
const ending = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort())
await launch({
  config: resolved.config,
  layout: { ...appLayout(), root, pieces: ['packages'] },
  instance: instanceOf(state),
  reporter: createReporter({ out: process.stdout, isJson: true }),
  replay: null,
  signal: ending.signal,
  onLogLine: () => undefined,
})
