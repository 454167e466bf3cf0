/** Puts the settings of the file probe into the maps of its programs. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BpfError, type BpfMap } from '@honeyguide/bpf'
import type { FileSettings } from '@honeyguide/model/settings'
import { sensitiveFiles } from '@honeyguide/model/sensitive-files'
import type { ProbeSettings } from '../probe.ts'
import {
  controlBytes,
  findSensitive,
  idBytes,
  inodeBitBytes,
  listed,
  sensitiveNames,
  startOf,
} from './settings.ts'

const onlyKey = new Uint8Array(4)
const one = Uint8Array.of(1, 0, 0, 0)
const plain: FileSettings = {
  watch: [],
  ignore: [],
  sensitive: sensitiveFiles,
  watchWorkloads: [],
  ignoreWorkloads: [],
}

/** Home folders of the users in a passwd file. */
function homesOf(passwd: string): string[] {
  if (!existsSync(passwd)) return []
  const homes = readFileSync(passwd, 'latin1')
    .split('\n')
    .map((line) => line.split(':')[5] ?? '')
  return [...new Set(homes.filter((home) => home.startsWith('/')))]
}

/** Ids of the cgroup with this path, in each hierarchy that has it: the inode numbers of its folders. */
function cgroupIds(path: string): bigint[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => /^cgroup2?$/.test(words[words.indexOf('-') + 1] ?? ''))
    .flatMap((words) => {
      const folder = statSync(join(words[4] ?? '', path), { bigint: true, throwIfNoEntry: false })
      return folder?.isDirectory() === true ? [folder.ino] : []
    })
}

/** Makes a map hold these entries and no others. */
function replaceEntries(
  map: BpfMap,
  entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
): void {
  const wanted = new Set(entries.map(({ key }) => Buffer.from(key).toString('hex')))
  for (const { key, value } of entries) map.setBytes(key, value)
  const gone = [...(map as BpfMap<Uint8Array>).keys()].filter(
    (key) => !wanted.has(Buffer.from(key).toString('hex')),
  )
  for (const key of gone) map.deleteBytes(key)
}

function workloadEntries(settings: FileSettings) {
  return [
    ...settings.ignoreWorkloads.map((path) => [path, listed.ignore] as const),
    ...settings.watchWorkloads.map((path) => [path, listed.watch] as const),
  ].flatMap(([path, kind]) =>
    cgroupIds(path).map((id) => {
      const key = new Uint8Array(new ArrayBuffer(8))
      new DataView(key.buffer).setBigUint64(0, id, true)
      return { key, value: Uint8Array.of(kind, 0, 0, 0) }
    }),
  )
}

/** The programs let all pass until they have it: the last thing that is written. */
export function configureFile(map: (name: string) => BpfMap, { file }: ProbeSettings): void {
  const settings = file ?? plain
  replaceEntries(map('hg_file_names'), sensitiveNames(settings))
  replaceEntries(map('hg_file_workloads'), workloadEntries(settings))
  const sensitive = findSensitive(settings, homesOf('/etc/passwd'))
  const inodes = map('hg_file_sensitive')
  for (const id of sensitive) {
    try {
      inodes.setBytes(idBytes(id), one)
    } catch (cause) {
      // Full of those that an earlier start has met: these are known by their names only.
      if (!(cause instanceof BpfError) || cause.errnoName !== 'E2BIG') throw cause
      break
    }
  }
  const bits = map('hg_file_sensitive_bits')
  const before = new Uint8Array(new ArrayBuffer(bits.valueSizeBytes))
  bits.getBytes(onlyKey, before)
  bits.setBytes(onlyKey, inodeBitBytes(sensitive, before))
  const control = map('hg_file_control')
  const now = new Uint8Array(new ArrayBuffer(control.valueSizeBytes))
  control.getBytes(onlyKey, now)
  const startedS = startOf(now) ?? BigInt(Math.floor(Date.now() / 1000))
  control.setBytes(onlyKey, controlBytes(settings, startedS))
}
