/**
 * What a process was last told to be: its ids, capabilities and namespaces, and so which real user id it may
 * have. Says what was before a change where the kernel did not let that be read, and notices a user id that no
 * call stands for. It never guesses: where two answers are possible it has none.
 *
 * Repeats of a change are counted in the kernel and told late (`bpf/emit/counted.h`), so a process that goes to
 * and fro may be in any state that it was told to enter; but never in one that it left and was not told to enter
 * again. Pure; one for each process, from fork or exec on.
 */

/** State of a process as records have it. */
export interface Credentials {
  readonly uid: number
  readonly euid: number
  readonly suid: number
  readonly fsuid: number
  readonly gid: number
  readonly egid: number
  readonly sgid: number
  readonly fsgid: number
  readonly capEffective: bigint
  readonly capPermitted: bigint
  readonly capInheritable: bigint
  readonly mountNs: number
  readonly pidNs: number
  readonly netNs: number
  readonly userNs: number
}

/** Only these, of a record that has more. */
export function pickCredentials(record: Credentials): Credentials {
  const { uid, euid, suid, fsuid, gid, egid, sgid, fsgid } = record
  const { capEffective, capPermitted, capInheritable } = record
  const { mountNs, pidNs, netNs, userNs } = record
  return {
    ...{ uid, euid, suid, fsuid, gid, egid, sgid, fsgid },
    ...{ capEffective, capPermitted, capInheritable },
    ...{ mountNs, pidNs, netNs, userNs },
  }
}

/** As an image begins: exec sets the saved ids and those for files to the effective ones. */
export function credentialsOfImage(
  image: Omit<Credentials, 'suid' | 'fsuid' | 'sgid' | 'fsgid'>,
): Credentials {
  const { euid, egid } = image
  return { ...image, suid: euid, fsuid: euid, sgid: egid, fsgid: egid }
}

/** `after`, or `before` where they say the same: most processes are what another is, and share one object. */
export function sharedCredentials(
  before: Credentials | undefined,
  after: Credentials,
): Credentials {
  if (before === undefined || before === after) return after
  // By hand: of every image, and a list of names would be made and walked each time.
  const isSame =
    before.uid === after.uid &&
    before.euid === after.euid &&
    before.suid === after.suid &&
    before.fsuid === after.fsuid &&
    before.gid === after.gid &&
    before.egid === after.egid &&
    before.sgid === after.sgid &&
    before.fsgid === after.fsgid &&
    before.mountNs === after.mountNs &&
    before.pidNs === after.pidNs &&
    before.netNs === after.netNs &&
    before.userNs === after.userNs &&
    before.capEffective === after.capEffective &&
    before.capPermitted === after.capPermitted &&
    before.capInheritable === after.capInheritable
  return isSame ? before : after
}

export interface CredentialHistory {
  /** At fork or exec; undefined when only the real user id is known. */
  readonly base: Credentials | undefined
  /** Nothing is said about what was before this, ns since boot. */
  readonly sinceNs: number
  /** After the last change that was told. */
  last: Credentials | undefined
  uid: number
  /** Real user ids that a change was told to lead to. */
  entered: readonly number[]
  isTold: boolean
  /** Threads other than the first have changed theirs: each may be in a state of its own. */
  isMixed: boolean
}

const nobody: readonly number[] = []

/** More different user ids than this, and nothing is said any more. */
const mostEntered = 16

export function beginHistory(
  uid: number,
  base: Credentials | undefined,
  sinceNs: number,
): CredentialHistory {
  return { base, sinceNs, last: base, uid, entered: nobody, isTold: false, isMixed: false }
}

/** What a child of the process is when it is born. */
export function inheritedCredentials(
  parent: CredentialHistory,
  uid: number,
): Credentials | undefined {
  const isSure = !parent.isMixed && parent.entered.length < 2 && parent.last?.uid === uid
  return isSure ? parent.last : undefined
}

/** What was before the first change that is told; undefined when that is not sure. */
export function credentialsBefore(
  history: CredentialHistory,
  atNs: number,
): Credentials | undefined {
  return history.isTold || atNs < history.sinceNs ? undefined : history.base
}

/** Whether a process that has this real user id at `atNs` was never told to get it. */
export function isUnexplained(history: CredentialHistory, uid: number, atNs: number): boolean {
  if (atNs < history.sinceNs || uid === history.uid) return false
  if (history.entered.length > mostEntered || history.entered.includes(uid)) return false
  return !(history.isMixed && uid === history.base?.uid)
}

/** Takes in a change by thread `tid` of process `pid`. */
export function tellChange(
  history: CredentialHistory,
  pid: number,
  tid: number,
  after: Credentials,
): void {
  if (tid !== pid) history.isMixed = true
  if (
    after.uid !== history.uid &&
    !history.entered.includes(after.uid) &&
    history.entered.length <= mostEntered
  )
    history.entered = [...history.entered, after.uid]
  history.isTold = true
  history.uid = after.uid
  history.last = after
}
