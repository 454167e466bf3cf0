/**
 * Maps: the memory that programs and user space share.
 *
 * Every operation is one bpf(2) call on the map's descriptor; libbpf is not involved, so a worker
 * that only reads maps never loads it. Keys and values are JavaScript values by the types that the
 * object's BTF gives (see value-codec.ts), or raw bytes through the `...Bytes` methods.
 */
import { readFileSync } from 'node:fs'
import { Descriptor } from './descriptor.ts'
import { BpfError, isPermissionErrno } from './error.ts'
import { duplicateFd, mapMemory, pageSizeBytes, type MappedMemory } from './ffi.ts'
import {
  fdById,
  mapCreate,
  mapDelete,
  mapDeleteBatch,
  mapFreeze,
  mapLookup,
  mapLookupAndDelete,
  mapLookupBatch,
  mapNextKey,
  mapTakeBatch,
  mapUpdate,
  mapUpdateBatch,
} from './kernel-call.ts'
import { readMapInfo, type MapInfo } from './kernel-info.ts'
import { openPin, pin } from './pin.ts'
import { bytesCodec, type ValueCodec } from './value-codec.ts'

/** `enum bpf_map_type`: the kinds that have a name here. */
export const mapTypes = {
  hash: 1,
  array: 2,
  programArray: 3,
  perfEventArray: 4,
  perCpuHash: 5,
  perCpuArray: 6,
  stackTrace: 7,
  cgroupArray: 8,
  lruHash: 9,
  lruPerCpuHash: 10,
  lpmTrie: 11,
  arrayOfMaps: 12,
  hashOfMaps: 13,
  deviceMap: 14,
  sockMap: 15,
  cpuMap: 16,
  xdpSocketMap: 17,
  sockHash: 18,
  queue: 22,
  stack: 23,
  socketStorage: 24,
  ring: 27,
  inodeStorage: 28,
  taskStorage: 29,
  bloomFilter: 30,
  userRing: 31,
  cgroupStorage: 32,
} as const

/** Name of a map type. */
export type MapType = keyof typeof mapTypes

/** BPF_F_MMAPABLE, BPF_F_NO_PREALLOC. */
const mmapable = 1 << 10
const noPreallocation = 1
/** Kinds that the kernel makes in no other way. */
const neverPreallocated: ReadonlySet<MapType> = new Set([
  'lpmTrie',
  'socketStorage',
  'inodeStorage',
  'taskStorage',
  'cgroupStorage',
])
const perCpuTypes: ReadonlySet<number> = new Set([
  mapTypes.perCpuHash,
  mapTypes.perCpuArray,
  mapTypes.lruPerCpuHash,
  21, // per-CPU cgroup storage
])

/** What `set` does when the key is there, or is not. */
export type UpdateRule = 'any' | 'only-new' | 'only-existing'
const updateFlags = { any: 0, 'only-new': 1, 'only-existing': 2 } as const

/** How keys and values of a map are read and written. */
export interface MapCodecs {
  readonly key?: ValueCodec | undefined
  readonly value?: ValueCodec | undefined
}

/** Elements read at once: `count` keys and values, packed one after another. */
export interface MapBatch {
  readonly count: number
  readonly keys: Uint8Array
  readonly values: Uint8Array
}

/** Of maps that have no keys: the kernel demands a null pointer. */
const noKey = new Uint8Array(0)
const ENOENT = -2
const ENOSPC = -28

let possibleCpus: number | undefined

/**
 * CPUs that the kernel may ever bring up: the number of values that a per-CPU entry has. Throws
 * `BPF_MAP_FAILED` where /sys is not mounted.
 */
export function possibleCpuCount(): number {
  if (possibleCpus !== undefined) return possibleCpus
  // No guess when it cannot be read: the kernel would write past the end of too small a buffer.
  const path = '/sys/devices/system/cpu/possible'
  let text = ''
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new BpfError('BPF_MAP_FAILED', `cannot read ${path}: is /sys mounted?`, { cause })
  }
  const last = /(\d+)$/.exec(text)?.[1]
  if (last === undefined) throw new BpfError('BPF_MAP_FAILED', `${path} holds "${text}"`)
  possibleCpus = Number(last) + 1
  return possibleCpus
}

/**
 * An open map. Dispose closes the descriptor; the map itself lives while a program, a pin or
 * another descriptor holds it.
 *
 * In per-CPU maps a value is an array with one element per possible CPU.
 */
export class BpfMap<Key = unknown, Value = unknown> implements Disposable {
  readonly #descriptor: Descriptor
  readonly info: MapInfo
  readonly isPerCpu: boolean
  /** Bytes of one key. */
  readonly keySizeBytes: number
  /** Bytes of one value as the system call moves it: all CPUs of a per-CPU map. */
  readonly valueSizeBytes: number
  readonly #keyCodec: ValueCodec
  readonly #valueCodec: ValueCodec
  /** Distance between two CPUs' values; 0 in maps that are not per CPU. */
  readonly #cpuStride: number
  readonly #key: Uint8Array
  readonly #value: Uint8Array
  readonly #keyView: DataView
  readonly #valueView: DataView

  /** Takes ownership of `fd`. Throws when it is no map. */
  constructor(fd: number, codecs: MapCodecs = {}) {
    this.#descriptor = new Descriptor(fd, 'map')
    try {
      this.info = readMapInfo(fd)
    } catch (cause) {
      this.#descriptor[Symbol.dispose]()
      throw cause
    }
    this.isPerCpu = perCpuTypes.has(this.info.type)
    this.#cpuStride = this.isPerCpu ? (this.info.valueSizeBytes + 7) & ~7 : 0
    this.keySizeBytes = this.info.keySizeBytes
    this.valueSizeBytes = this.isPerCpu
      ? this.#cpuStride * possibleCpuCount()
      : this.info.valueSizeBytes
    this.#keyCodec = fitting(codecs.key, this.keySizeBytes)
    this.#valueCodec = fitting(codecs.value, this.info.valueSizeBytes)
    this.#key = new Uint8Array(new ArrayBuffer(this.keySizeBytes))
    // Values of rings and of programs' private storages are not read through system calls.
    this.#value = new Uint8Array(new ArrayBuffer(Math.max(this.valueSizeBytes, 8)))
    this.#keyView = new DataView(this.#key.buffer)
    this.#valueView = new DataView(this.#value.buffer)
  }

  /** The descriptor's number; it stays owned by this object. */
  get fd(): number {
    return this.#descriptor.fd
  }

  /** Name in the kernel, at most 15 bytes. */
  get name(): string {
    return this.info.name
  }

  /** The value under `key`, or undefined. */
  get(key: Key): Value | undefined {
    this.#keyCodec.write(this.#keyView, 0, key)
    const error = mapLookup(this.fd, this.#key, this.#value)
    if (error === ENOENT) return undefined
    this.#check(error, 'read')
    return this.#readValue(this.#valueView, 0)
  }

  /** Writes a value. Throws `BPF_MAP_FAILED`: E2BIG when full, EEXIST or ENOENT by the rule. */
  set(key: Key, value: Value, rule: UpdateRule = 'any'): void {
    this.#keyCodec.write(this.#keyView, 0, key)
    this.#writeValue(value)
    this.#check(mapUpdate(this.fd, this.#key, this.#value, updateFlags[rule]), 'write')
  }

  /** Removes a key. Returns whether it was there. Array elements cannot be removed (EINVAL). */
  delete(key: Key): boolean {
    this.#keyCodec.write(this.#keyView, 0, key)
    const error = mapDelete(this.fd, this.#key)
    if (error === ENOENT) return false
    this.#check(error, 'delete from')
    return true
  }

  /** Takes a value out in one step (queues and stacks; hashes since Linux 5.14). */
  take(key: Key): Value | undefined {
    if (this.keySizeBytes > 0) this.#keyCodec.write(this.#keyView, 0, key)
    const error = mapLookupAndDelete(this.fd, this.#key, this.#value)
    if (error === ENOENT) return undefined
    this.#check(error, 'take from')
    return this.#readValue(this.#valueView, 0)
  }

  /**
   * Puts a value without a key into a queue, a stack or a bloom filter. Throws `BPF_MAP_FAILED` with E2BIG when a
   * queue or stack is full, unless the oldest may go for it.
   */
  push(value: Value, options: { readonly replaceOldest?: boolean } = {}): void {
    this.#requireType('push', 'queue', 'stack', 'bloomFilter')
    this.#writeValue(value)
    const flags = options.replaceOldest === true ? updateFlags['only-existing'] : updateFlags.any
    this.#check(mapUpdate(this.fd, noKey, this.#value, flags), 'push to')
  }

  /** Takes the next value out of a queue (the oldest) or a stack (the newest); undefined when it is empty. */
  pop(): Value | undefined {
    this.#requireType('pop', 'queue', 'stack')
    return this.#next(mapLookupAndDelete(this.fd, noKey, this.#value))
  }

  /** The value that `pop` would take. */
  peek(): Value | undefined {
    this.#requireType('peek', 'queue', 'stack')
    return this.#next(mapLookup(this.fd, noKey, this.#value))
  }

  /** Whether a bloom filter may have been given the value: false is certain, true may be wrong. */
  mightContain(value: Value): boolean {
    this.#requireType('mightContain', 'bloomFilter')
    this.#writeValue(value)
    const error = mapLookup(this.fd, noKey, this.#value)
    if (error === ENOENT) return false
    this.#check(error, 'ask')
    return true
  }

  /**
   * Puts a thing behind a descriptor under `key`: a map into a map of maps, a program into a program array, a socket
   * into a sockmap or sockhash, a cgroup into a cgroup array. The map holds it from then on, so the descriptor may be
   * closed.
   */
  setReference(key: Key, thing: { readonly fd: number }, rule: UpdateRule = 'any'): void {
    this.#keyCodec.write(this.#keyView, 0, key)
    this.#value.fill(0)
    this.#valueView.setUint32(0, thing.fd, true)
    this.#check(mapUpdate(this.fd, this.#key, this.#value, updateFlags[rule]), 'write')
  }

  /** Opens the map under `key` of a map of maps; the caller owns it. Needs CAP_SYS_ADMIN. */
  openInner<InnerKey = unknown, InnerValue = unknown>(
    key: Key,
    codecs: MapCodecs = {},
  ): BpfMap<InnerKey, InnerValue> | undefined {
    this.#requireType('openInner', 'arrayOfMaps', 'hashOfMaps')
    this.#keyCodec.write(this.#keyView, 0, key)
    const error = mapLookup(this.fd, this.#key, this.#value)
    if (error === ENOENT) return undefined
    this.#check(error, 'read')
    const fd = fdById('map', this.#valueView.getUint32(0, true))
    if (fd === ENOENT) return undefined // replaced meanwhile, and gone with it
    this.#check(fd, 'open what lies in')
    return new BpfMap<InnerKey, InnerValue>(fd, codecs)
  }

  /** The addresses under an id of a stack trace map, innermost first; undefined when it was overwritten. */
  stack(id: number): readonly bigint[] | undefined {
    this.#requireType('stack', 'stackTrace')
    this.#keyView.setUint32(0, id, true)
    const error = mapLookup(this.fd, this.#key, this.#value)
    if (error === ENOENT) return undefined
    this.#check(error, 'read')
    const addresses: bigint[] = []
    for (let at = 0; at + 8 <= this.valueSizeBytes; at += 8) {
      const address = this.#valueView.getBigUint64(at, true)
      if (address === 0n) break
      addresses.push(address)
    }
    return addresses
  }

  /**
   * Walks the keys. Elements added or removed meanwhile may be seen or not; when the key just seen
   * is removed the kernel starts again at the first, so the walk ends after `maxEntries` steps.
   */
  *keys(): Generator<Key, void, undefined> {
    let previous: Uint8Array | undefined
    let next = new Uint8Array(new ArrayBuffer(this.#key.length))
    for (let step = 0; step < this.info.maxEntries; step++) {
      const error = mapNextKey(this.fd, previous, next)
      if (error === ENOENT) return
      this.#check(error, 'walk')
      const reused: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(this.#key.length))
      previous = next
      next = reused
      const view = new DataView(previous.buffer, previous.byteOffset)
      yield this.#keyCodec.read(view, 0) as Key
    }
  }

  /** Walks keys and values, under the same terms as `keys`. */
  *entries(): Generator<[Key, Value], void, undefined> {
    for (const key of this.keys()) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  [Symbol.iterator](): Generator<[Key, Value], void, undefined> {
    return this.entries()
  }

  /** Copies the value under `key` into `into` (`valueSizeBytes` long). False when there is none. */
  getBytes(key: Uint8Array, into: Uint8Array): boolean {
    this.#requireLength(key, this.keySizeBytes, 'key')
    this.#requireLength(into, this.valueSizeBytes, 'value')
    const error = mapLookup(this.fd, key, into)
    if (error === ENOENT) return false
    this.#check(error, 'read')
    return true
  }

  /** Writes raw bytes. */
  setBytes(key: Uint8Array, value: Uint8Array, rule: UpdateRule = 'any'): void {
    this.#requireLength(key, this.keySizeBytes, 'key')
    this.#requireLength(value, this.valueSizeBytes, 'value')
    this.#check(mapUpdate(this.fd, key, value, updateFlags[rule]), 'write')
  }

  /** Removes a raw key. Returns whether it was there. */
  deleteBytes(key: Uint8Array): boolean {
    this.#requireLength(key, this.keySizeBytes, 'key')
    const error = mapDelete(this.fd, key)
    if (error === ENOENT) return false
    this.#check(error, 'delete from')
    return true
  }

  /**
   * Reads the map in batches of about `size` elements: one system call each instead of two per
   * element (hash, LRU, LPM and array maps; 5.6). The arrays are reused by the next step.
   */
  batches(size: number = 256): Generator<MapBatch, void, undefined> {
    return this.#batches(mapLookupBatch, size)
  }

  /** The same, taking the elements out of the map as they are read (hash and LRU maps). */
  takeBatches(size: number = 256): Generator<MapBatch, void, undefined> {
    return this.#batches(mapTakeBatch, size)
  }

  /** Keys and values by their types, read in batches. */
  *entriesInBatches(size: number = 256): Generator<[Key, Value], void, undefined> {
    for (const { count, keys, values } of this.#batches(mapLookupBatch, size)) {
      const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
      const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength)
      for (let i = 0; i < count; i++) {
        yield [
          this.#keyCodec.read(keyView, i * this.keySizeBytes) as Key,
          this.#readValue(valueView, i * this.valueSizeBytes),
        ]
      }
    }
  }

  *#batches(read: typeof mapLookupBatch, size: number): Generator<MapBatch, void, undefined> {
    let room = Math.max(1, Math.min(size, this.info.maxEntries))
    let keys = new Uint8Array(new ArrayBuffer(room * this.keySizeBytes))
    let values = new Uint8Array(new ArrayBuffer(room * this.valueSizeBytes))
    // The kernel's cursor: a bucket number in hash maps, a key in arrays; never longer than a key.
    const cursor = new Uint8Array(new ArrayBuffer(Math.max(this.keySizeBytes, 8)))
    let isFirst = true
    for (;;) {
      const { error, count } = read(
        this.fd,
        room,
        keys,
        values,
        isFirst ? undefined : cursor,
        cursor,
      )
      if (error === ENOSPC && room < this.info.maxEntries) {
        // A hash bucket is never split: it needs more room.
        room = Math.min(room * 2, this.info.maxEntries)
        keys = new Uint8Array(new ArrayBuffer(room * this.keySizeBytes))
        values = new Uint8Array(new ArrayBuffer(room * this.valueSizeBytes))
        continue
      }
      if (error !== ENOENT) this.#check(error, 'read a batch of')
      isFirst = false
      if (count > 0) {
        yield {
          count,
          keys: keys.subarray(0, count * this.keySizeBytes),
          values: values.subarray(0, count * this.valueSizeBytes),
        }
      }
      if (error === ENOENT) return
    }
  }

  /** Writes many elements with one call. Throws with what is written so far written. */
  setBatch(entries: readonly (readonly [Key, Value])[]): void {
    if (entries.length === 0) return
    const keys = new Uint8Array(new ArrayBuffer(entries.length * this.keySizeBytes))
    const values = new Uint8Array(new ArrayBuffer(entries.length * this.valueSizeBytes))
    for (const [i, [key, value]] of entries.entries()) {
      this.#keyCodec.write(this.#keyView, 0, key)
      this.#writeValue(value)
      keys.set(this.#key.subarray(0, this.keySizeBytes), i * this.keySizeBytes)
      values.set(this.#value.subarray(0, this.valueSizeBytes), i * this.valueSizeBytes)
    }
    this.#check(mapUpdateBatch(this.fd, entries.length, keys, values).error, 'write a batch to')
  }

  /** Removes many keys with one call; returns how many went before the first that was missing. */
  deleteBatch(keysToDelete: readonly Key[]): number {
    if (keysToDelete.length === 0) return 0
    const keys = new Uint8Array(new ArrayBuffer(keysToDelete.length * this.keySizeBytes))
    for (const [i, key] of keysToDelete.entries()) {
      this.#keyCodec.write(this.#keyView, 0, key)
      keys.set(this.#key.subarray(0, this.keySizeBytes), i * this.keySizeBytes)
    }
    const { error, count } = mapDeleteBatch(this.fd, keysToDelete.length, keys)
    if (error !== ENOENT) this.#check(error, 'delete a batch from')
    return count
  }

  /**
   * Maps the values of an array made with BPF_F_MMAPABLE into memory: reads and writes then cost
   * no system call. Elements lie `stride` bytes apart. Throws `BPF_MAP_FAILED` for other maps.
   */
  mmap(): MappedMemory & { readonly stride: number } {
    if ((this.info.flags & mmapable) === 0 || this.info.type !== mapTypes.array) {
      throw new BpfError('BPF_MAP_FAILED', `map ${this.name} is no array with BPF_F_MMAPABLE`)
    }
    const stride = (this.info.valueSizeBytes + 7) & ~7
    const length = Math.ceil((stride * this.info.maxEntries) / pageSizeBytes) * pageSizeBytes
    const memory = mapMemory(this.fd, 0, length, true)
    if (typeof memory === 'number') {
      throw new BpfError('BPF_MAP_FAILED', `cannot map ${this.name} into memory`, {
        errno: -memory,
      })
    }
    return { ...memory, stride }
  }

  /** Forbids all further writing from user space. */
  freeze(): void {
    this.#check(mapFreeze(this.fd), 'freeze')
  }

  /** Keeps the map alive under `path` on a bpf filesystem; `unpin(path)` lets it go. */
  pin(path: string): void {
    pin(this.fd, path)
  }

  [Symbol.dispose](): void {
    this.#descriptor[Symbol.dispose]()
  }

  #next(error: number): Value | undefined {
    if (error === ENOENT) return undefined
    this.#check(error, 'take from')
    return this.#readValue(this.#valueView, 0)
  }

  #requireType(doing: string, ...types: readonly MapType[]): void {
    if (types.some((type) => mapTypes[type] === this.info.type)) return
    throw new BpfError(
      'BPF_ARGUMENT',
      `${doing} of map ${this.name}: it is no ${types.join(' or ')}`,
    )
  }

  #readValue(view: DataView, at: number): Value {
    if (!this.isPerCpu) return this.#valueCodec.read(view, at) as Value
    const values: unknown[] = []
    for (let cpu = 0; cpu < possibleCpuCount(); cpu++) {
      values.push(this.#valueCodec.read(view, at + cpu * this.#cpuStride))
    }
    return values as Value
  }

  #writeValue(value: Value): void {
    this.#value.fill(0)
    if (!this.isPerCpu) {
      this.#valueCodec.write(this.#valueView, 0, value)
      return
    }
    if (!Array.isArray(value) || value.length !== possibleCpuCount()) {
      throw new BpfError(
        'BPF_ARGUMENT',
        `expected one value for each of ${possibleCpuCount()} CPUs`,
      )
    }
    for (const [cpu, one] of value.entries()) {
      this.#valueCodec.write(this.#valueView, cpu * this.#cpuStride, one)
    }
  }

  #requireLength(bytes: Uint8Array, length: number, what: string): void {
    if (bytes.length === length) return
    throw new BpfError(
      'BPF_ARGUMENT',
      `a ${what} of map ${this.name} has ${length} bytes, not ${bytes.length}`,
    )
  }

  #check(error: number, doing: string): void {
    if (error >= 0) return
    const code = isPermissionErrno(-error) ? 'BPF_NOT_PERMITTED' : 'BPF_MAP_FAILED'
    throw new BpfError(code, `cannot ${doing} map ${this.name}`, { errno: -error })
  }
}

function fitting(codec: ValueCodec | undefined, sizeBytes: number): ValueCodec {
  // A map reused from a pin may have been made by an object with other types of the same name.
  return codec && codec.sizeBytes === sizeBytes ? codec : bytesCodec(sizeBytes)
}

/** Opens a pinned map. Throws `BPF_PIN_FAILED` (errno ENOENT when nothing is pinned there). */
export function openPinnedMap<Key = unknown, Value = unknown>(
  path: string,
  codecs: MapCodecs = {},
): BpfMap<Key, Value> {
  return new BpfMap<Key, Value>(openPin(path, 'map'), codecs)
}

/** Makes a map without an object. Throws `BPF_MAP_FAILED` or `BPF_NOT_PERMITTED`. */
export function createMap<Key = Uint8Array, Value = Uint8Array>(
  options: {
    readonly type: MapType
    readonly keySizeBytes: number
    readonly valueSizeBytes: number
    readonly maxEntries: number
    /** `BPF_F_*` of <linux/bpf.h>; BPF_F_NO_PREALLOC is added for kinds that demand it. */
    readonly flags?: number
    readonly name?: string
    /** For maps of maps: one of the shape that those in it have. */
    readonly inner?: { readonly fd: number }
    /** For bloom filters: hash functions, 1 to 15 (default 5). More of them: fewer wrong answers, slower. */
    readonly hashFunctions?: number
  } & MapCodecs,
): BpfMap<Key, Value> {
  const fd = mapCreate({
    type: mapTypes[options.type],
    keySize: options.keySizeBytes,
    valueSize: options.valueSizeBytes,
    maxEntries: options.maxEntries,
    flags: (options.flags ?? 0) | (neverPreallocated.has(options.type) ? noPreallocation : 0),
    name: options.name ?? '',
    innerFd: options.inner?.fd ?? 0,
    extra: options.hashFunctions ?? 0,
  })
  if (fd < 0) {
    const code = isPermissionErrno(-fd) ? 'BPF_NOT_PERMITTED' : 'BPF_MAP_FAILED'
    throw new BpfError(code, `cannot create a ${options.type} map`, { errno: -fd })
  }
  return new BpfMap<Key, Value>(fd, options)
}

/**
 * A map by the number of a descriptor that somebody else owns (a worker gets it from the main
 * thread): duplicated, so both may close theirs.
 */
export function mapFromFd<Key = unknown, Value = unknown>(
  fd: number,
  codecs: MapCodecs = {},
): BpfMap<Key, Value> {
  const copy = duplicateFd(fd)
  if (copy < 0) {
    throw new BpfError('BPF_MAP_FAILED', `descriptor ${fd} is not open`, { errno: -copy })
  }
  return new BpfMap<Key, Value>(copy, codecs)
}
