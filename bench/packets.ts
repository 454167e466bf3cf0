/**
 * What the programs for packets cost a round trip on loopback, of TCP and of UDP: batches without and with them take
 * turns, and each without stands beside another without.
 *
 *     bin/node bench/packets.ts [BATCHES]        root; 200 batches of each unless said
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makePinFolder } from '@honeyguide/bpf'
import { readyPrograms } from '../packages/sensor/src/kernel/attach-kernel.ts'
import {
  mountTestPins,
  testObjects,
  testProgram,
} from '../packages/sensor/src/kernel/kernel-harness.ts'

const batches = Number(process.argv[2] ?? 200)
const tripsPerBatch = 500

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

using pins = mountTestPins()
const folder = join(pins.pinDir, 'bench')
makePinFolder(folder)
using ready = readyPrograms({
  folder,
  objectDir: await testObjects(),
  rings: { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 },
  probes: ['dns', 'udp'],
  isPlain: false,
  settings: {},
  objectHash: 'bench',
})

for (const transport of ['tcp', 'udp']) {
  const program = spawn(testProgram('round-trip'), [transport, String(tripsPerBatch)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  const batch = async (): Promise<readonly [number, number]> => {
    program.stdin.write('\n')
    const { value } = await lines.next()
    const [wallNs = NaN, cpuNs = NaN] = String(value).split(' ').map(Number)
    return [wallNs / tripsPerBatch, cpuNs / tripsPerBatch]
  }
  const wall: Record<'none' | 'again' | 'ours', number[]> = { none: [], again: [], ours: [] }
  const cpu: Record<'none' | 'again' | 'ours', number[]> = { none: [], again: [], ours: [] }
  for (let i = 0; i < batches; i++) {
    for (const arm of i % 2 === 0
      ? (['none', 'ours', 'again'] as const)
      : (['again', 'ours', 'none'] as const)) {
      using links = new DisposableStack()
      if (arm === 'ours') for (const name of ready.names) links.use(ready.attach(name))
      // What was attached or detached is felt by the first ones.
      await batch()
      const [wallNs, cpuNs] = await batch()
      wall[arm].push(wallNs)
      cpu[arm].push(cpuNs)
    }
  }
  program.stdin.end()
  const ratio = (of: typeof wall, arm: 'again' | 'ours'): string =>
    (median(of[arm].map((value, i) => value / (of.none[i] ?? NaN))) * 100 - 100).toFixed(2)
  console.log(
    `${transport}: ${median(wall.none).toFixed(0)} ns by the clock, ours ${ratio(wall, 'ours')} %, self ${ratio(wall, 'again')} %; ` +
      `${median(cpu.none).toFixed(0)} ns of CPU time, ours ${ratio(cpu, 'ours')} %, self ${ratio(cpu, 'again')} % (n=${batches})`,
  )
}
