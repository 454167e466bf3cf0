/**
 * One program run by one process: immutable, its text decoded once, so that everybody may keep it.
 *
 * An image is (host, boot, pid, start of the process, exec number). It is born by an exec, by a fork (the
 * child runs its parent's program until it calls exec), or it was there when the sensor came (snapshot).
 * A placeholder stands for an image that some event named and no event has described yet; when one does, the
 * graph replaces the record: ask the graph again instead of keeping a placeholder.
 */

export type ImageBirth = 'exec' | 'fork' | 'snapshot' | 'placeholder'

export interface Image {
  /** `imageUid` of model. */
  readonly uid: string
  /** `processUid` of model: the same for all images of the process. */
  readonly processUid: string
  /** `namePrefix` of sensor and boot. */
  readonly host: string
  readonly pid: number
  /** start_boottime of the process in ns. */
  readonly startNs: bigint
  readonly execNo: number
  readonly born: ImageBirth
  /** When the image began, ns since boot: exec or fork. For a snapshot the start of the process; 0 for a placeholder. */
  readonly bornNs: bigint
  /** Uid of the event that told of it; empty for snapshots and placeholders. */
  readonly eventUid: string
  /** Uid of the image that forked this process, as it was then; empty when unknown or none. */
  readonly parentUid: string
  /** Why there is no parent: `evicted` once known and dropped, `unknown` never seen, `none` a root; `known` when there is one. */
  readonly parentState: 'known' | 'unknown' | 'evicted' | 'none'
  /** Base name of `file`, of argv[0] when that is empty. Empty for a placeholder. */
  readonly name: string
  /** Executed file as the kernel resolved it; for a script, the script. */
  readonly file: string
  readonly fileTyped: string
  /** Empty unless `file` is a script. */
  readonly interpreter: string
  readonly argv: readonly string[]
  /** `commandLine(argv)` of model. */
  readonly cmdLine: string
  readonly cwd: string
  readonly userId: number
  readonly effectiveUserId: number
  readonly groupId: number
  readonly effectiveGroupId: number
  /** Audit login uid and session; -1 when unset. */
  readonly loginUserId: number
  readonly sessionId: number
  /** 16 hex digits each. */
  readonly capEffective: string
  readonly capPermitted: string
  readonly mountNs: number
  readonly pidNs: number
  readonly netNs: number
  readonly userNs: number
  /** Process id in its own pid namespace. */
  readonly namespacePid: number
  readonly cgroup: string
  readonly unit: string
  readonly container: string
  readonly tty: string
  readonly inode: bigint
  /** Bits of `imageFlags` of model. */
  readonly flags: number
}

/** How and when a process ended. */
export interface ProcessEnd {
  /** ns since boot. */
  readonly bootNs: bigint
  readonly exitCode: number
  /** 0 when it exited by itself. */
  readonly signal: number
}

/** One end of a TCP connection on a host with a sensor. */
export interface Connection {
  /** `connectionUid`. */
  readonly uid: string
  readonly host: string
  readonly direction: 'connect' | 'accept' | 'unknown'
  /** Image that connected or accepted; empty when the process is not known. */
  readonly imageUid: string
  readonly eventUid: string
  /** ns since boot; 0 when only its close was seen. */
  readonly openNs: bigint
  /** 0 while open. */
  readonly closeNs: bigint
  /** As OCSF: who opened, and who was connected to. */
  readonly sourceIp: string
  readonly sourcePort: number
  readonly destinationIp: string
  readonly destinationPort: number
  /** At close; 0 before. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** The other end when it is on this host and known; empty otherwise. */
  readonly peerUid: string
}
