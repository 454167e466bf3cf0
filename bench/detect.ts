/**
 * What detection costs per event, beside the naive way of doing it, on one core.
 *
 *     bin/node bench/detect.ts [--rules folder-of-sigma-rules]
 *
 * Rules: the compiled set against the plain interpreter that walks every rule's tree, over the same events;
 * both must find the same. Rounds are interleaved and medians given. Stages: lineage, then the detector, over
 * a stream of forks, execs, exits and connections as a busy host has them.
 */
import { globSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { activityBatchOf, type ActivityBatch, type ActivityRow } from '@honeyguide/model'
import { createDetector, createLineage } from '../packages/detect/src/index.ts'
import { simulatedHost } from '../packages/detect/src/fixture/simulated-host.ts'
import type { RowFacts } from '../packages/detect/src/rules/fields.ts'
import { interpret } from '../packages/detect/src/rules/interpreter.ts'
import { compileRules } from '../packages/detect/src/rules/rule-set.ts'
import { normalise } from '../packages/hub/src/normalise/normalise.ts'
import { rulesFolder } from '../rules/own-rules.ts'

const { values: options } = parseArgs({ options: { rules: { type: 'string' } } })
const noFacts: RowFacts = { parentIsServer: () => false, ancestorImages: () => [] }

/** A repeatable stream of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const next = random(7)
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() ** 2 * items.length)]
const programs = [
  'sh',
  'bash',
  'ls',
  'cat',
  'grep',
  'sed',
  'awk',
  'python3',
  'git',
  'make',
  'gcc',
  'cc1',
  'as',
  'ld',
  'node',
  'tar',
  'gzip',
  'find',
  'xargs',
  'rm',
  'cp',
  'mv',
  'mkdir',
  'ps',
  'id',
  'curl',
  'ssh',
  'systemctl',
  'date',
  'sort',
  'head',
  'tail',
  'tr',
  'cut',
  'wc',
  'uname',
  'dpkg',
  'apt-get',
  'perl',
  'tee',
]
const word = () => Math.floor(next() * 2 ** 32).toString(36)
const path = () =>
  `/${pick(['usr/lib', 'var/lib', 'home/ann', 'srv/www', 'opt/app', 'tmp/build'])}/${word()}/${pick(['main', 'index', 'util', 'test'])}.${pick(['c', 'o', 'py', 'js', 'conf', 'log'])}`

function commandOf(program: string): string[] {
  const line = [program]
  const count = 1 + Math.floor(next() * 8)
  for (let i = 0; i < count; i++)
    line.push(
      pick([
        `-${word().slice(0, 1)}`,
        path(),
        `--${pick(['output', 'include', 'config'])}=${path()}`,
        '-O2',
        '-c',
        word(),
      ]),
    )
  return line
}

/** 44 % of command lines are distinct, as was measured on recorded events. */
function processRows(count: number): ActivityRow[] {
  const lines = Array.from({ length: Math.round(count * 0.44) }, () => {
    const program = pick(programs)
    return { program, line: commandOf(program).join(' ') }
  })
  return Array.from({ length: count }, (_, i): ActivityRow => {
    const { program, line } = lines[i % lines.length] ?? { program: 'sh', line: 'sh' }
    const parent = pick(programs)
    return {
      class_uid: 1007,
      activity_name: 'Launch',
      process_file_path: `/usr/bin/${program}`,
      process_cmd_line: line,
      process_parent_process_file_path: `/usr/bin/${parent}`,
      process_parent_process_cmd_line: `${parent} -c ${i % 977}`,
      process_user_name: pick(['root', 'ann', 'www-data']),
      process_working_directory: `/srv/${i % 300}`,
      process_flags: '',
      process_tty: '',
      process_pid: i,
    }
  })
}

/** As the hub's batches do: rows in place, no parsing. */
function batchOf(rows: readonly ActivityRow[]): ActivityBatch {
  return { ...activityBatchOf(rows), kind: () => 'exec' }
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1] ?? 0
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** For work of less than a few ms, which a clock of CPU time does not resolve. */
function wallUs(work: () => void): number {
  const before = performance.now()
  work()
  return (performance.now() - before) * 1000
}

console.log(`${os.cpus()[0]?.model}, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(2)}`)

const folders: [string, string][] = [['own rules', rulesFolder.pathname]]
if (options.rules !== undefined) folders.push([options.rules, options.rules])
const rows = processRows(20_000)
const batches = Array.from({ length: 40 }, (_, i) => batchOf(rows.slice(i * 500, (i + 1) * 500)))
for (const [name, folder] of folders) {
  const files = globSync('**/*.yml', { cwd: folder })
  const began = performance.now()
  const set = compileRules(
    files.map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') })),
  )
  const loadMs = performance.now() - began
  const naive: number[] = []
  const compiled: number[] = []
  let hits = 0
  let naiveHits = 0
  for (let round = 0; round < 7; round++) {
    // The interpreter sees a part of the events: it is that slow.
    for (const batch of batches.slice(0, 4))
      naive.push(
        cpuUs(() => {
          for (let row = 0; row < batch.rows; row++)
            for (const rule of set.rules) if (interpret(rule, batch, row, noFacts)) naiveHits += 1
        }) / batch.rows,
      )
    compiled.push(
      cpuUs(() => {
        for (const batch of batches)
          for (let row = 0; row < batch.rows; row++)
            set.match(batch, row, noFacts, () => {
              hits += 1
            })
      }) / rows.length,
    )
  }
  let same = 0
  for (const batch of batches.slice(0, 4))
    for (let row = 0; row < batch.rows; row++)
      set.match(batch, row, noFacts, () => {
        same += 1
      })
  if (same * 7 !== naiveHits) throw new Error(`${same * 7} hits, the interpreter has ${naiveHits}`)
  const [slow, fast] = [median(naive), median(compiled)]
  console.log(
    `${name}: ${set.rules.length} rules loaded in ${loadMs.toFixed(0)} ms (${set.refused.length} refused); ` +
      `compiled ${fast.toFixed(2)} µs per exec, interpreter ${slow.toFixed(1)} µs, ${(slow / fast).toFixed(0)} times; ` +
      `${hits / 7} hits in ${rows.length}`,
  )
}

/** A busy host: shells that start tools which end soon, a server with connections. */
function stream(events: number) {
  const host = simulatedHost(1)
  const init = host.snapshot('/usr/lib/systemd/systemd', ['init'], { pid: 1, startNs: 5n })
  const shells = Array.from({ length: 50 }, () => host.spawn(init, '/usr/bin/bash', ['bash']))
  const server = host.spawn(init, '/usr/sbin/nginx', ['nginx'])
  host.listen(server, 80)
  while (host.events.length < events) {
    const program = pick(programs)
    const child = host.spawn(pick(shells), `/usr/bin/${program}`, commandOf(program))
    if (next() < 0.3) host.close(host.connect(server, '127.0.0.1', 5432))
    host.exit(child)
  }
  return host
}
const all = [
  ...globSync('**/*.yml', { cwd: rulesFolder.pathname }).map((file) =>
    join(rulesFolder.pathname, file),
  ),
  ...(options.rules === undefined
    ? []
    : globSync('**/*.yml', { cwd: options.rules }).map((file) => join(options.rules ?? '', file))),
]
const rules = compileRules(all.map((file) => ({ file, text: readFileSync(file, 'utf8') })))
const host = stream(60_000)
// Decoded from bytes, as they come from a sensor.
const wire = Array.from({ length: Math.ceil(host.events.length / 512) }, (_, i) =>
  host.batch(host.events.slice(i * 512, (i + 1) * 512)),
)
const rounds = 10
/** µs of each batch, by round. */
const lineageUs = wire.map((): number[] => [])
const detectorUs = wire.map((): number[] => [])
for (let round = 0; round < rounds; round++) {
  const lineage = createLineage()
  const detector = createDetector({ rules })
  for (const [at, batch] of wire.entries()) {
    lineageUs[at]?.push(wallUs(() => lineage.apply(batch)))
    // As the hub does it: columns are made when the detector asks for them, so their cost is in its own.
    const activity = normalise(batch, lineage, host.hostname)
    detectorUs[at]?.push(wallUs(() => void detector.apply(activity, lineage)))
  }
}
/** µs per event: the first round, where code is still being compiled, and the least that each batch took. */
const first = (batches: readonly number[][]) =>
  batches.reduce((sum, [one = 0]) => sum + one, 0) / host.events.length
const least = (batches: readonly number[][]) =>
  batches.reduce((sum, times) => sum + Math.min(...times), 0) / host.events.length
console.log(
  `stages over ${host.events.length} events with ${rules.rules.length} rules, per event: ` +
    `lineage ${least(lineageUs).toFixed(2)} µs, detector ${least(detectorUs).toFixed(2)} µs, ` +
    `together ${(least(lineageUs) + least(detectorUs)).toFixed(2)} µs (goal 5), the least of ${rounds} rounds for ` +
    `each batch; cold ${(first(lineageUs) + first(detectorUs)).toFixed(2)} µs`,
)
