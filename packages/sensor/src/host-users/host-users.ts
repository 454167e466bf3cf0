/**
 * Names of the host's users from /etc/passwd (passwd(5)): said with the first batches of a run, and again
 * when the file has changed. Users of other sources (LDAP, systemd) have no names here.
 */
import { readFileSync, statSync } from 'node:fs'
import type { BatchBuilder } from '@honeyguide/model/batch'

export interface HostUser {
  readonly uid: number
  /** Bytes of the file, at most 256; hostile like any text. */
  readonly name: Uint8Array
}

/** Between two looks at the file, ns. */
const lookEveryNs = 10_000_000_000n
/** Longest file and name that are read, bytes. */
const mostFileBytes = 4 * 1024 * 1024
const mostNameBytes = 256
const colon = 0x3a
const newline = 0x0a

/** The users of a passwd file; of two with one id the first, as getpwuid(3) does. Lines that are none are skipped. */
export function parsePasswd(bytes: Uint8Array): HostUser[] {
  const users = new Map<number, HostUser>()
  for (let at = 0; at < bytes.length;) {
    let end = bytes.indexOf(newline, at)
    if (end < 0) end = bytes.length
    const line = bytes.subarray(at, end)
    at = end + 1
    const afterName = line.indexOf(colon)
    const afterPassword = afterName < 0 ? -1 : line.indexOf(colon, afterName + 1)
    const afterUid = afterPassword < 0 ? -1 : line.indexOf(colon, afterPassword + 1)
    if (afterName < 1 || afterName > mostNameBytes || afterUid < 0) continue
    let digits = ''
    for (const byte of line.subarray(afterPassword + 1, Math.min(afterUid, afterPassword + 12)))
      digits += String.fromCharCode(byte)
    if (!/^\d{1,10}$/.test(digits)) continue
    const uid = Number(digits)
    if (uid > 0xff_ff_ff_ff || users.has(uid)) continue
    users.set(uid, { uid, name: line.slice(0, afterName) })
  }
  return [...users.values()]
}

export interface HostUsers {
  /** Whether the file has changed since it was last written; looks at most every 10 s of `nowNs`. */
  changed(nowNs: bigint): boolean
  /** Writes a row for each user and takes note of it; yields when the builder should leave. */
  write(builder: BatchBuilder, nowNs: bigint): Generator<void, void, undefined>
  /** Writes the same rows for somebody else: `changed` goes by what `write` wrote. */
  copy(builder: BatchBuilder): Generator<void, void, undefined>
}

export function createHostUsers(path = '/etc/passwd'): HostUsers {
  let lookedNs: bigint | undefined
  let written = ''

  /** What tells one state of the file from another; empty when it cannot be read. */
  function stamp(): string {
    try {
      const { mtimeNs, ino, size } = statSync(path, { bigint: true })
      return `${mtimeNs} ${ino} ${size}`
    } catch {
      return ''
    }
  }

  function* rows(builder: BatchBuilder): Generator<void, void, undefined> {
    let bytes
    try {
      bytes = readFileSync(path)
    } catch {
      return
    }
    if (bytes.length > mostFileBytes) return
    for (const { uid, name } of parsePasswd(bytes)) {
      const table = builder.table('user')
      const row = table.add()
      table.columns.uid[row] = uid
      table.columns.name[row] = builder.text(name)
      if (builder.full) yield
    }
  }

  return {
    changed(nowNs) {
      if (lookedNs !== undefined && nowNs - lookedNs < lookEveryNs) return false
      lookedNs = nowNs
      const now = stamp()
      return now !== '' && now !== written
    },
    *write(builder, nowNs) {
      lookedNs = nowNs
      // Before it is read: a change in between is seen as one at the next look.
      written = stamp()
      yield* rows(builder)
    },
    copy: rows,
  }
}
