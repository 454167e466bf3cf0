import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatchBuilder, type BatchBuilder } from '@honeyguide/model/batch'
import { fileOperations } from '@honeyguide/model/tables/file'
import { deviceNumber } from './device-number.ts'
import type { Fact } from './fact.ts'
import type { Remembered } from './inspector.ts'
import type { Answer, FromProvenance, ToProvenance } from './messages.ts'
import { createProvenance, openProvenanceThread, type Provenance } from './provenance.ts'

const second = 1_000_000_000n

/** The other end, for which the test answers. */
function scripted() {
  const sent: ToProvenance[] = []
  const begun: (Remembered | undefined)[] = []
  const logs: string[] = []
  let stopped = 0
  let findings = 0
  let answer: (message: FromProvenance) => void = () => assert.fail('not begun')
  let end: (error: Error) => void = () => assert.fail('not begun')
  const provenance = createProvenance({
    open(before, onAnswer, onEnd) {
      begun.push(before)
      answer = onAnswer
      end = onEnd
      return {
        send: (message) => void sent.push(message),
        async stop() {
          stopped += 1
        },
      }
    },
    onFindings: () => (findings += 1),
    log: (_level, message) => void logs.push(message),
  })
  return {
    provenance,
    sent,
    begun,
    logs,
    get stopped() {
      return stopped
    },
    get findings() {
      return findings
    },
    found: (values: Partial<Answer>) =>
      answer({
        kind: 'findings',
        facts: [],
        offered: 0,
        lost: 0,
        taken: 0,
        waiting: 0,
        evictions: 0,
        ...values,
      }),
    idle: (remembered: Remembered) => answer({ kind: 'idle', remembered }),
    end: (error: Error) => end(error),
  }
}

/** A batch that names so many files. */
function batchOf(files: number, first = 1): BatchBuilder {
  const builder = createBatchBuilder({ rows: 8192, bytes: 1 << 20 })
  const table = builder.table('exec')
  for (let i = 0; i < files; i++) {
    const row = table.add()
    table.columns.inode[row] = BigInt(first + i)
    table.columns.file[row] = builder.string('/bin/x')
  }
  return builder
}

function written(provenance: Provenance, nowNs: bigint): BatchBuilder {
  const builder = createBatchBuilder({ rows: 8192, bytes: 1 << 20 })
  for (const _ of provenance.write(builder, nowNs));
  return builder
}

function lossOf(builder: BatchBuilder): Record<string, bigint | string>[] {
  const { columns, rows } = builder.table('loss')
  return Array.from({ length: rows }, (_, row) => ({
    hook: Buffer.from(builder.bytes(columns.hook[row] ?? 0)).toString(),
    reason: Buffer.from(builder.bytes(columns.reason[row] ?? 0)).toString(),
    fromNs: columns.fromNs[row] ?? 0n,
    toNs: columns.toNs[row] ?? 0n,
    offered: columns.offered[row] ?? 0n,
    seen: columns.seen[row] ?? 0n,
    lost: columns.lost[row] ?? 0n,
  }))
}

const fact: Fact = {
  device: 1,
  inode: 2n,
  changedNs: 3n,
  path: '/bin/\xff',
  mountNs: 4,
  role: 1,
  state: 4,
  reason: '',
  flags: 8,
  manager: '',
  package: '',
  version: '',
  architecture: '',
  packagedPath: '',
  digestAlgorithm: '',
  packagedDigest: '',
  digest: '',
  sha256: 'ab',
  sizeBytes: 5n,
  modifiedNs: 6n,
  bornNs: 7n,
  uid: 8,
  gid: 9,
  mode: 10,
}

suite('provenance in the pump', () => {
  test('begins no thread while no batch names a file', () => {
    const end = scripted()
    end.provenance.see(createBatchBuilder(), second)
    assert.equal(end.begun.length, 0)
    end.provenance.see(batchOf(2), second)
    assert.equal(end.begun.length, 1)
    assert.deepEqual(
      end.sent.map((message) => message.kind === 'see' && message.files.length),
      [2],
    )
  })
  test('writes what was found out, and the counters of the hook', () => {
    const end = scripted()
    end.provenance.see(batchOf(1), second)
    end.found({ facts: [fact], offered: 1, taken: 1 })
    assert.equal(end.findings, 1)
    const builder = written(end.provenance, 5n * second)
    const { columns, rows } = builder.table('provenance')
    assert.equal(rows, 1)
    assert.equal(columns.atNs[0], 5n * second)
    assert.equal(columns.inode[0], 2n)
    assert.equal(columns.state[0], 4)
    assert.equal(columns.sizeBytes[0], 5n)
    assert.deepEqual(
      [...builder.bytes(columns.path[0] ?? 0)],
      [...Buffer.from('/bin/\xff', 'latin1')],
    )
    const hook = builder.table('hook').columns
    assert.deepEqual([hook.offered[0], hook.lost[0], hook.state[0]], [1n, 0n, 1])
    assert.equal(end.provenance.hasFindings, false)
    assert.equal(written(end.provenance, 6n * second).rows, 0)
  })
  test('tells a file again when the row of who wrote it comes later, not for a later write', () => {
    const end = scripted()
    const batchOfWrite = (inode: bigint, atNs: bigint): BatchBuilder => {
      const builder = createBatchBuilder()
      const table = builder.table('file')
      const row = table.add()
      table.columns.operation[row] = fileOperations.write
      table.columns.device[row] = 1
      table.columns.inode[row] = inode
      table.columns.pid[row] = 77
      table.columns.lastNs[row] = atNs
      return builder
    }
    end.provenance.see(batchOf(2), second)
    end.found({ facts: [fact, { ...fact, inode: 3n }], offered: 2, taken: 2 })
    const first = written(end.provenance, 3n * second).table('provenance')
    assert.deepEqual([first.rows, first.columns.writerPid[0]], [2, 0])
    end.provenance.see(batchOfWrite(2n, 2n * second), 4n * second)
    assert.equal(end.findings, 2)
    const again = written(end.provenance, 4n * second).table('provenance')
    assert.deepEqual(
      [again.rows, again.columns.inode[0], again.columns.writerPid[0], again.columns.writtenNs[0]],
      [1, 2n, 77, 2n * second],
    )
    end.provenance.see(batchOfWrite(3n, 4n * second), 5n * second)
    assert.equal(written(end.provenance, 5n * second).table('provenance').rows, 0)
  })
  test('tells what was lost with its interval', () => {
    const end = scripted()
    end.provenance.see(batchOf(1), second)
    end.found({ offered: 10, lost: 3, taken: 1 })
    assert.deepEqual(lossOf(written(end.provenance, 5n * second)), [
      {
        hook: 'provenance',
        reason: 'provenance_busy',
        fromNs: second,
        toNs: 5n * second,
        offered: 10n,
        seen: 7n,
        lost: 3n,
      },
    ])
    end.found({ offered: 2, lost: 2 })
    const [next] = lossOf(written(end.provenance, 7n * second))
    assert.deepEqual([next?.['fromNs'], next?.['lost']], [5n * second, 2n])
  })
  test('asks nothing more of a thread that does not answer, and counts', () => {
    const end = scripted()
    for (let i = 0; i < 8; i++) end.provenance.see(batchOf(1500, 1 + i * 1500), second)
    assert.equal(end.sent.length, 5)
    const [loss] = lossOf(written(end.provenance, 2n * second))
    assert.deepEqual([loss?.['offered'], loss?.['lost']], [4500n, 4500n])
  })
  test('loses what a thread that died had to do, and begins another a minute later', () => {
    const end = scripted()
    end.provenance.see(batchOf(5), second)
    end.found({ taken: 2, waiting: 2 })
    end.end(new Error('dead'))
    assert.equal(end.logs.length, 1)
    assert.equal(lossOf(written(end.provenance, 2n * second))[0]?.['lost'], 5n)
    end.provenance.see(batchOf(1), 30n * second)
    assert.equal(end.begun.length, 1)
    assert.equal(lossOf(written(end.provenance, 31n * second))[0]?.['lost'], 1n)
    end.provenance.see(batchOf(1), 62n * second)
    assert.equal(end.begun.length, 2)
    assert.deepEqual(lossOf(written(end.provenance, 63n * second)), [])
  })
  test('ends a thread that has nothing to do, and begins the next with what it knew', () => {
    const end = scripted()
    const remembered = { told: [['1 2 /x', 3n] as const], heldCpuMs: 4 }
    end.provenance.see(batchOf(1), second)
    end.idle(remembered)
    assert.equal(end.stopped, 0, 'a file is on its way to it')
    end.found({ taken: 1 })
    end.idle(remembered)
    assert.equal(end.stopped, 1)
    end.provenance.see(batchOf(1), 2n * second)
    assert.deepEqual(end.begun, [undefined, remembered])
    assert.equal(end.logs.length, 0)
    // All is told again, whether the thread was there to hear it or not.
    end.provenance.forget()
    end.found({ taken: 1 })
    end.provenance.forget()
    end.idle(remembered)
    end.provenance.see(batchOf(1), 3n * second)
    assert.deepEqual(end.begun.at(-1), { told: [], heldCpuMs: 4 })
    end.found({ taken: 1 })
    end.idle(remembered)
    end.provenance.forget()
    end.provenance.see(batchOf(1), 4n * second)
    assert.deepEqual(end.begun.at(-1), { told: [], heldCpuMs: 4 })
  })
  test('waits a moment for what is under way when it stops, and loses the rest', async () => {
    const end = scripted()
    end.provenance.see(batchOf(3), second)
    const stopping = end.provenance.stop()
    end.found({ taken: 3, waiting: 1 })
    end.found({ facts: [fact], offered: 3 })
    await stopping
    assert.equal(end.stopped, 1)
    const builder = written(end.provenance, 2n * second)
    assert.equal(builder.table('provenance').rows, 1)
    assert.deepEqual(lossOf(builder), [])

    const mute = scripted()
    mute.provenance.see(batchOf(3), second)
    await mute.provenance.stop()
    assert.equal(lossOf(written(mute.provenance, 2n * second))[0]?.['lost'], 3n)
  })
})

suite('provenance thread', () => {
  test('looks at files, ends when it is idle, and goes on as if it had not', async () => {
    const answers: FromProvenance[] = []
    const { ino, dev } = statSync('/usr/bin/true', { bigint: true })
    const see: ToProvenance = {
      kind: 'see',
      files: [
        {
          role: 1,
          device: deviceNumber(dev),
          inode: ino,
          path: '/usr/bin/true',
          isTyped: false,
          isPartial: false,
          isDeleted: false,
          isMemfd: false,
          isFromSnapshot: false,
          // Nobody's: what this process has mapped is of no interest.
          pid: 0,
          parentPid: process.pid,
          mountNs: statSync('/proc/self/ns/mnt').ino,
        },
      ],
    }
    const settings = { enabled: true, maxFileBytes: 1 << 24, cpuPercent: 100 }
    const open = (before: Remembered | undefined) =>
      openProvenanceThread(settings, 10)(
        before,
        (answer) => answers.push(answer),
        () => undefined,
      )
    async function idle(): Promise<Remembered> {
      for (;;) {
        const last = answers.at(-1)
        if (last?.kind === 'idle') return last.remembered
        await sleep(5)
      }
    }
    const first = open(undefined)
    first.send(see)
    const remembered = await idle()
    const facts = answers.flatMap((answer) => (answer.kind === 'findings' ? answer.facts : []))
    assert.ok(facts.some((one) => one.path === '/usr/bin/true' && one.package === 'coreutils'))
    assert.ok(remembered.told.length === facts.length)
    assert.ok(remembered.heldCpuMs < 60_000)
    await first.stop()
    answers.length = 0
    const next = open(remembered)
    next.send(see)
    await idle()
    await next.stop()
    assert.deepEqual(
      answers.flatMap((answer) => (answer.kind === 'findings' ? answer.facts : [])),
      [],
    )
  })
})
