/**
 * The repeats that programs count instead of telling (`bpf/emit/repeat.h`), as rows: exactly once, whatever
 * kills the sensor in between.
 *
 * Two maps take turns. The programs count in the one of the present turn; that of the turn before is told here,
 * and emptied when the batch with its last row is safe. Only then the next turn begins. What has been told goes
 * with each batch: whoever comes back tells the rest, in the same order, as nothing writes to that map.
 *
 * No timer stands: a turn ends about a second after something was told that may be repeated.
 */
import { openPinnedMap, recordMemory, type BpfMap, type RecordMemory } from '@honeyguide/bpf'
import {
  repeat,
  repeatKeyOffsets,
  repeatKeySizeBytes,
  repeatOffsets,
  repeatSizeBytes,
} from '../../gen/records.ts'
import { join } from 'node:path'
import type { RepeatsProgress } from './progress.ts'
import { keyBytes } from './sequences.ts'

/** How long a turn is at least: 1 s, less what a timer of 1 s may be early. */
const turnNs = 900_000_000n

/** An entry with repeats. */
export interface CountedRepeats {
  /** Table id. */
  readonly kind: number
  readonly count: bigint
  /** ns since boot. */
  readonly firstNs: bigint
  readonly lastNs: bigint
  /** The record of the first event lies at byte `at`, as far as it was kept. */
  readonly memory: RecordMemory
  readonly at: number
  readonly lengthBytes: number
}

export interface RepeatTurns extends Disposable {
  /** Something was told at `nowNs` that may be repeated. */
  arm(nowNs: bigint): void
  /** Whether `take` will have something to look at in a second. */
  readonly isArmed: boolean
  /** The next `take` ends the turn if there is anything to look at, however young it is. */
  hurry(): void
  /** Gives each entry to `onRepeats`, at most `most` of them. True when there are more. Blocks for some ms when a turn ends. */
  take(nowNs: bigint, most: number, onRepeats: (entry: CountedRepeats) => void): boolean
  /** As of the last entry given out. */
  readonly progress: RepeatsProgress
  /** What was told up to `progress` is safe. */
  commit(progress: RepeatsProgress): void
}

const names = ['hg_repeats_even', 'hg_repeats_odd'] as const
const firstKey = keyBytes(0)

/** Entries of a map that nothing writes to, from the `skip`th with repeats on; always in the same order. */
function* entriesOf(map: BpfMap, skip: number): Generator<CountedRepeats, void, undefined> {
  let passed = 0
  for (const { count, keys, values } of map.batches()) {
    const memory = recordMemory(values.buffer, values.byteOffset, values.length)
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.length)
    for (let i = 0; i < count; i++) {
      const at = i * repeatSizeBytes
      const repeats = repeat.count(memory, at)
      if (repeats === 0n || passed++ < skip) continue
      yield {
        kind: keyView.getUint32(i * repeatKeySizeBytes + repeatKeyOffsets.kind, true),
        count: repeats,
        firstNs: repeat.firstNs(memory, at),
        lastNs: repeat.lastNs(memory, at),
        memory,
        at: at + repeatOffsets.record,
        lengthBytes: Number(repeat.length(memory, at)),
      }
    }
  }
}

function clear(map: BpfMap): void {
  for (const { count, keys } of map.batches()) {
    const gone: Uint8Array[] = []
    for (let i = 0; i < count; i++)
      gone.push(keys.subarray(i * repeatKeySizeBytes, (i + 1) * repeatKeySizeBytes))
    map.deleteBatch(gone)
  }
}

function readTurn(turns: BpfMap): bigint {
  const value = new Uint8Array(new ArrayBuffer(8))
  turns.getBytes(firstKey, value)
  return new DataView(value.buffer).getBigUint64(0, true)
}

/** Where to go on with a set in its `turn`, given what the newest batch says. */
function resume(turn: bigint, known: RepeatsProgress | undefined): { turn: bigint; rows: number } {
  if (known) {
    const told = BigInt(known.turn)
    if (told >= turn) return { turn, rows: 0 }
    if (told === turn - 1n) return { turn: told, rows: known.rows }
  }
  // Turns without a row are in no batch: of the last one nothing is told.
  return { turn: turn === 0n ? 0n : turn - 1n, rows: 0 }
}

/** Opens the maps that are pinned in `folder`; `known` is of the newest batch that is safe. */
export function openRepeats(folder: string, known: RepeatsProgress | undefined): RepeatTurns {
  using opening = new DisposableStack()
  const [even, odd] = names.map((name) => opening.use(openPinnedMap(join(folder, name)))) as [
    BpfMap,
    BpfMap,
  ]
  const active = opening.use(openPinnedMap(join(folder, 'hg_repeats')))
  const turns = opening.use(openPinnedMap(join(folder, 'hg_repeat_turns')))
  const mapOf = (which: bigint): BpfMap => ((which & 1n) === 0n ? even : odd)
  let turn = readTurn(turns)
  let told = resume(turn, known)
  // Whoever wrote the turn may have been killed before the programs had its map.
  use(mapOf(turn))
  let isEmptied = turn === 0n
  let reader: Generator<CountedRepeats, void, undefined> | undefined
  // Those before may have left something in the present turn.
  let armedNs: bigint | undefined = 0n
  const held = opening.move()

  /** Returns when no program uses the other map any more: the kernel waits for that (maybe_wait_bpf_programs). */
  function use(map: BpfMap): void {
    active.setBytes(firstKey, keyBytes(map.fd))
  }

  function endTurn(): void {
    const next = new Uint8Array(new ArrayBuffer(8))
    new DataView(next.buffer).setBigUint64(0, turn + 1n, true)
    turns.setBytes(firstKey, next)
    told = { turn, rows: 0 }
    turn += 1n
    isEmptied = false
    armedNs = undefined
    use(mapOf(turn))
  }

  return {
    arm(nowNs) {
      armedNs ??= nowNs
    },
    get isArmed() {
      return armedNs !== undefined
    },
    hurry() {
      if (armedNs !== undefined) armedNs = 0n
    },
    take(nowNs, most, onRepeats) {
      if (told.turn === turn) {
        if (armedNs === undefined || !isEmptied || nowNs - armedNs < turnNs) return false
        endTurn()
      }
      reader ??= entriesOf(mapOf(told.turn), told.rows)
      for (let left = most; left > 0; left--) {
        const next = reader.next()
        if (next.done === true) {
          reader = undefined
          told = { turn, rows: 0 }
          return false
        }
        onRepeats(next.value)
        told = { turn: told.turn, rows: told.rows + 1 }
      }
      return true
    },
    get progress() {
      return { turn: String(told.turn), rows: told.rows }
    },
    commit(progress) {
      if (isEmptied || BigInt(progress.turn) !== turn) return
      clear(mapOf(turn - 1n))
      isEmptied = true
    },
    [Symbol.dispose]: () => held.dispose(),
  }
}

/** Repeats that nobody has told of a set that is stopped, by table id. `known` as for `openRepeats`. */
export function countUntold(
  folder: string,
  known: RepeatsProgress | undefined,
): ReadonlyMap<number, bigint> {
  const untold = new Map<number, bigint>()
  using turns = openPinnedMap(join(folder, 'hg_repeat_turns'))
  const turn = readTurn(turns)
  const told = resume(turn, known)
  for (const [which, skip] of [
    [turn - 1n, told.turn === turn ? Infinity : told.rows],
    [turn, 0],
  ] as const) {
    using map = openPinnedMap(join(folder, (which & 1n) === 0n ? names[0] : names[1]))
    // Of a layout that is not ours nothing can be read.
    if (map.keySizeBytes !== repeatKeySizeBytes || map.valueSizeBytes !== repeatSizeBytes) continue
    for (const { kind, count } of entriesOf(map, skip))
      untold.set(kind, (untold.get(kind) ?? 0n) + count)
  }
  return untold
}
