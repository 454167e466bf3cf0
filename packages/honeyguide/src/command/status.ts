/** `honeyguide status`: whether everything is up, and a new sign-in on demand. */
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Host, LinkAnswer, Status } from '@honeyguide/model'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { isLocked } from '../launcher/lock.ts'
import { isAlive, readRunRecord } from '../launcher/run-record.ts'
import { createContext, hubOf, withShared, type SharedOptions } from './context.ts'

interface Answer {
  readonly up: boolean
  readonly address: string | null
  readonly stateDir: string
  readonly launcher: { readonly pid: number; readonly since: string } | null
  readonly daemons: readonly {
    readonly name: string
    readonly state: string
    readonly pid: number | null
    readonly restarts: number
    readonly lastEnd: string
  }[]
  readonly hub: Status | null
  readonly hosts: readonly Pick<
    Host,
    'hostname' | 'health' | 'lastSeen' | 'eventsPerSecond' | 'lost24h'
  >[]
  /** Why it is not up; empty when it is. */
  readonly reasons: readonly string[]
  readonly signIn?: LinkAnswer
}

export function addStatus(program: Command): void {
  withShared(program.command('status'))
    .summary('whether everything is up; exit code 0 only then')
    .option('--sign-in', 'make a new one-time address for the page')
    .action(async (options: SharedOptions & { readonly signIn?: boolean }) => {
      const context = createContext(options)
      const { instance } = context
      const hub = hubOf(context, 5000)
      if (options.signIn === true) {
        const link = await hub.post<LinkAnswer>('/api/v1/link', {})
        process.stdout.write(
          options.json === true ? `${JSON.stringify({ signIn: link })}\n` : `${link.address}\n`,
        )
        return
      }
      const record = readRunRecord(instance.recordFile)
      const runs = record !== undefined && isAlive(record.launcher) && isLocked(instance.lockFile)
      const reasons: string[] = []
      if (!runs) reasons.push('no launcher runs here')
      const daemons = (runs ? record.daemons : []).map(
        ({ name, state, process: one, restarts, lastEnd }) => {
          if (state !== 'up')
            reasons.push(`${name} is ${state}${lastEnd === '' ? '' : ` (it ${lastEnd})`}`)
          return { name, state, pid: one?.pid ?? null, restarts, lastEnd }
        },
      )
      let status: Status | null = null
      let hosts: Answer['hosts'] = []
      if (runs) {
        try {
          status = await hub.get<Status>('/api/v1/status')
          hosts = (await hub.get<{ hosts: readonly Host[] }>('/api/v1/hosts')).hosts.map(
            ({ hostname, health, lastSeen, eventsPerSecond, lost24h }) => ({
              hostname,
              health,
              lastSeen,
              eventsPerSecond,
              lost24h,
            }),
          )
          for (const { name, state, detail } of status.components)
            if (state !== 'up')
              reasons.push(`${name} is ${state}${detail === '' ? '' : `: ${detail}`}`)
          if (
            !record.isDemo &&
            daemons.some(({ name }) => name === 'sensor') &&
            status.sensorsUp === 0
          )
            reasons.push('no sensor is connected to the hub')
        } catch (error) {
          reasons.push(error instanceof HoneyguideError ? error.message : 'the hub does not answer')
        }
      }
      const answer: Answer = {
        up: reasons.length === 0,
        address: runs ? record.address : null,
        stateDir: instance.stateDir,
        launcher: runs ? { pid: record.launcher.pid, since: record.since } : null,
        daemons,
        hub: status,
        hosts,
        reasons,
      }
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(answer)}\n`
          : `${inWords(answer).map(visible).join('\n')}\n`,
      )
      process.exitCode = answer.up
        ? exitCodes.ok.code
        : runs
          ? exitCodes.failed.code
          : exitCodes.notRunning.code
    })
}

function inWords(answer: Answer): string[] {
  const lines = [
    answer.up
      ? `Everything is up at ${answer.address ?? '(no address)'}.`
      : `Not everything is up: ${answer.reasons.join('; ')}.`,
  ]
  if (answer.launcher)
    lines.push(`launcher   pid ${answer.launcher.pid}, since ${answer.launcher.since}`)
  for (const { name, state, pid, restarts } of answer.daemons)
    lines.push(
      `${name.padEnd(10)} ${state}${pid === null ? '' : `, pid ${pid}`}${restarts === 0 ? '' : `, started again ${restarts} times`}`,
    )
  for (const { name, state, detail } of answer.hub?.components ?? [])
    if (name !== 'hub')
      lines.push(`${name.padEnd(10)} ${state}${detail === '' ? '' : `, ${detail}`}`)
  for (const { hostname, health, eventsPerSecond, lost24h } of answer.hosts)
    lines.push(
      `host       ${hostname}: ${health}, ${eventsPerSecond.toFixed(1)} events/s, ${lost24h} lost in 24 h`,
    )
  if (answer.launcher === null) lines.push('Start it with `npm start` or `honeyguide up`.')
  lines.push(`state      ${answer.stateDir}`)
  return lines
}
