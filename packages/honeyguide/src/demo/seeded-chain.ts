/**
 * The chain that a seed makes: names, tools, payload, order where it is free, pauses and intervals. Pure.
 *
 * Always there: a shell from a server, a download, a run of it from under /tmp, a look around, connections back
 * at an interval. What varies is only what an attacker would vary, too.
 */
import type { Chain, ChainStep } from './chain.ts'
import { makeWord, type Random } from './random.ts'

/** What this machine has to choose from. */
export interface Tools {
  readonly downloaders: readonly ('curl' | 'wget' | 'perl')[]
  readonly servers: readonly ('node' | 'perl')[]
  readonly payloads: readonly ('script' | 'bash' | 'perl')[]
  /** Commands that look around and are here. */
  readonly looks: readonly string[]
}

export function seededChain(random: Random, tools: Tools): Chain {
  const word = (): string => makeWord(random)
  const drop = random.pick([
    () => `.${word()}`,
    () => `${word()}-${random.whole(10, 99)}`,
    word,
    () => `${word()}.${random.pick(['bin', 'sh', 'out', 'dat'])}`,
  ])()
  const pauseMs = (): number => random.whole(150, 900)
  const looks = random.shuffle(tools.looks).slice(0, random.whole(4, 7))
  const download: ChainStep = {
    do: 'download',
    name: drop,
    with: random.pick(tools.downloaders),
    payload: random.pick(tools.payloads),
    pauseMs: pauseMs(),
  }
  const run: ChainStep = {
    do: 'run',
    name: drop,
    times: random.whole(7, 10),
    everyMs: random.whole(600, 1500),
    jitter: 0.05,
    pauseMs: pauseMs(),
  }
  const look: ChainStep = { do: 'look', commands: looks, pauseMs: pauseMs() }
  const order = random.pick([
    [look, download, run],
    [download, look, run],
    [download, run, look],
  ])
  return {
    honeyguide: 'demo-chain/1',
    name: `a chain around ${word()}`,
    server: {
      name: `${word()}${random.pick(['-api', '-web', 'd', '-server', '-gateway', '-portal'])}`,
      kind: random.pick(tools.servers),
    },
    mode: random.pick(['requests', 'shell']),
    folder: word(),
    steps: order,
  }
}
