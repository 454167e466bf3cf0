/** What events say of processes and connections, as the graph keeps it: never changed, only put in the place of. */
import type { Connection, Image } from './image.ts'

export interface ParentKey {
  readonly pid: number
  readonly startNs: bigint
  readonly execNo: number
}

/** What an image's row says of it: the part of the record that needs no other row. */
type StatedFacts = Pick<
  Image,
  | 'file'
  | 'fileTyped'
  | 'interpreter'
  | 'argv'
  | 'cmdLine'
  | 'cwd'
  | 'userId'
  | 'effectiveUserId'
  | 'groupId'
  | 'effectiveGroupId'
  | 'loginUserId'
  | 'sessionId'
  | 'capEffective'
  | 'capPermitted'
  | 'mountNs'
  | 'pidNs'
  | 'netNs'
  | 'userNs'
  | 'namespacePid'
  | 'cgroup'
  | 'unit'
  | 'container'
  | 'tty'
  | 'inode'
  | 'flags'
>

/** What an exec or snapshot row says of an image, decoded. */
export interface ImageFacts extends StatedFacts {
  readonly born: 'exec' | 'snapshot'
  readonly bornNs: bigint
  /** When a snapshot was taken: the earliest one is kept. */
  readonly seenNs: bigint
  readonly eventUid: string
}

/** What a fork row says of the child's first image. */
export interface ForkFacts {
  readonly bornNs: bigint
  readonly eventUid: string
  readonly userId: number
  readonly cgroup: string
  readonly namespacePid: number
  readonly flags: number
}

/** The parent that the row with the smallest exec number names, for processes whose fork was not seen. */
export interface SeenParent extends ParentKey {
  readonly ofExecNo: number
}

/** One end of a connection, as of now. */
export interface ConnectionState extends Omit<Connection, 'host' | 'peerUid'> {
  /** Both addresses, and the network namespace where they are of a loopback; empty when only its close was seen. */
  readonly tuple: string
}
