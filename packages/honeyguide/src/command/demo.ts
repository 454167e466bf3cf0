/** `honeyguide demo attack|benign`: real steps, safe and cleaned up, to see what Honeyguide makes of them. */
import { readFileSync } from 'node:fs'
import { HoneyguideError } from '@honeyguide/model/errors'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { runBenign } from '../demo/benign/run-benign.ts'
import { parseManifest, type Chain } from '../demo/chain.ts'
import { createRandom } from '../demo/random.ts'
import { runChain } from '../demo/run-chain.ts'
import { seededChain } from '../demo/seeded-chain.ts'
import { findTools } from '../demo/tools.ts'
import { exitCodes } from '../exit-codes.ts'

interface AttackOptions {
  readonly seed?: string
  readonly manifest?: string
  readonly plan?: boolean
  readonly json?: boolean
}

interface BenignOptions {
  readonly minutes?: string
  readonly seed?: string
  readonly json?: boolean
}

/** Aborts at Ctrl-C and SIGTERM. */
function untilSignal(): AbortController {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
  return stop
}

function wholeSeed(text: string | undefined): number {
  if (text === undefined) return Date.now() % 1_000_000
  if (!/^\d{1,10}$/.test(text)) throw new HoneyguideError('HG_USAGE', '--seed is a whole number.')
  return Number(text)
}

function readManifest(file: string): Chain {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HoneyguideError('HG_MANIFEST_INVALID', `${file} cannot be read`, { cause })
  }
  return parseManifest(text, file)
}

async function attack(options: AttackOptions): Promise<void> {
  const seed = wholeSeed(options.seed)
  const random = createRandom(seed)
  const tools = findTools()
  const chain =
    options.manifest === undefined ? seededChain(random, tools) : readManifest(options.manifest)
  if (options.plan === true) {
    process.stdout.write(`${JSON.stringify(chain, undefined, 2)}\n`)
    return
  }
  const stop = untilSignal()
  const isJson = options.json === true
  if (!isJson)
    process.stdout.write(
      `Seed ${seed}: ${visible(chain.name)}. Only loopback, only files under /tmp, all of it removed at the end.\n`,
    )
  try {
    const result = await runChain({
      chain,
      random,
      tools,
      signal: stop.signal,
      onStep(step) {
        process.stdout.write(
          isJson
            ? `${JSON.stringify({ seed, ...step })}\n`
            : `${step.time.slice(11, 23)}  ${step.technique.padEnd(44)}  ${visible(step.what)}\n`,
        )
      },
    })
    if (isJson) process.stdout.write(`${JSON.stringify({ seed, result })}\n`)
    else process.stdout.write('Now look at the page, or ask: honeyguide incident list\n')
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write('Ended early; everything is removed.\n')
    process.exitCode = exitCodes.interrupted.code
  }
}

async function benign(options: BenignOptions): Promise<void> {
  const minutes = Number(options.minutes ?? 1)
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new HoneyguideError('HG_USAGE', '--minutes is a number up to 1440.')
  const stop = untilSignal()
  const isJson = options.json === true
  const summary = await runBenign({
    minutes,
    random: createRandom(wholeSeed(options.seed)),
    signal: stop.signal,
    onStep(step) {
      process.stdout.write(
        isJson
          ? `${JSON.stringify(step)}\n`
          : `${step.time.slice(11, 19)}  ${step.name.padEnd(14)}  ${visible(step.what)}\n`,
      )
    },
  })
  if (isJson) process.stdout.write(`${JSON.stringify({ summary })}\n`)
  else
    process.stdout.write(
      `Done ${summary.rounds} rounds. ${summary.skipped.length === 0 ? 'Nothing was skipped.' : `Skipped: ${summary.skipped.map(({ name, why }) => `${name} (${why})`).join('; ')}.`}\n`,
    )
  if (stop.signal.aborted) process.exitCode = exitCodes.interrupted.code
  else if (summary.failed.length > 0) {
    process.stderr.write(
      `Failed: ${visible(summary.failed.map(({ name, why }) => `${name} (${why})`).join('; '))}\n`,
    )
    process.exitCode = exitCodes.failed.code
  }
}

export function addDemo(program: Command): void {
  const demo = program
    .command('demo')
    .summary('an attack or a day of work, really carried out and cleaned up')
  demo
    .command('attack')
    .summary('a safe chain of attack steps on loopback')
    .option('--seed <number>', 'chooses names, tools, order and pauses')
    .option(
      '--manifest <file>',
      'a chain that somebody wrote (see packages/honeyguide/src/demo/README.md)',
    )
    .option('--plan', 'print the chain as a manifest and do nothing')
    .option('--json', 'output for programs')
    .action(attack)
  demo
    .command('benign')
    .summary(
      'ordinary work: packages, a build, git, cron, logs, a web server, a dump, an administrator',
    )
    .option('--minutes <number>', 'how long', '1')
    .option('--seed <number>', 'chooses order and pauses')
    .option('--json', 'output for programs')
    .action(benign)
}
