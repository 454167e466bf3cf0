/** What was there before the sensor: processes as `process` rows, and their TCP sockets. */
import { BpfError, forEachIterated, readClockNs, type BpfLink, type BpfMap } from '@honeyguide/bpf'
import type { BatchBuilder } from '@honeyguide/model/batch'
import { imageFlags } from '@honeyguide/model/tables/exec'
import type { Redactor } from '@honeyguide/policy/redaction'
import { tcpFlags } from '@honeyguide/model/tables/tcp'
import { socketOffsets, socketSizeBytes } from '../../gen/records.ts'
import {
  readTask,
  taskSizeBytes,
  taskSocket,
  taskSocketSizeBytes,
  type Task,
} from '../../gen/snapshot-records.ts'
import {
  pickCredentials,
  sharedCredentials,
  type Credentials,
} from '../process-cache/credentials.ts'
import type { ProcessCache } from '../process-cache/process-cache.ts'
import { terminalName } from '../probes/exec/image-text.ts'
import type { WorkloadNames } from '../workload/workload-names.ts'
import { startTicks } from './own-processes.ts'
import { readProcImage, readProcStatus } from './proc-image.ts'

/** When a builder should be sent away. */
const mostRows = 512
const mostBytes = 1 << 20
const ownFlag = imageFlags.own

/** Tells the cache every process that is alive, and returns them. One walk of the kernel's list. */
export function takeTasks(iterator: BpfLink, processes: ProcessCache): readonly Task[] {
  const tasks: Task[] = []
  forEachIterated(iterator, taskSizeBytes, (memory, at) => tasks.push(readTask(memory, at)))
  // Behind the walk: what a record from before says of ids may be newer or older than what was seen.
  const atNs = Number(readClockNs('boottime'))
  const seen = tasks.length
  tasks.push(...unseenParents(tasks))
  // Parents first, whatever the order of pids: all are known before anyone asks for a lineage.
  let all: Credentials | undefined
  for (const [i, task] of tasks.entries()) {
    // Of those that the walk did not show nobody knows all.
    all = i < seen ? sharedCredentials(all, pickCredentials(task)) : undefined
    processes.add(
      {
        pid: task.pid,
        startNs: Number(task.startNs),
        execNo: task.execNo,
        parentPid: task.parentPid,
        parentStartNs: Number(task.parentStartNs),
      },
      { uid: task.uid, all, atNs },
    )
  }
  return tasks
}

/**
 * Writes a row for each process. Identity and ids are the kernel's, taken in one walk; texts come from
 * /proc afterwards, so a process that ended or did an exec meanwhile may miss them.
 */
export function* takeSnapshot(
  iterator: BpfLink,
  builder: BatchBuilder,
  processes: ProcessCache,
  workloads: WorkloadNames,
  redact: Redactor['redact'],
): Generator<void, number, undefined> {
  const tasks = takeTasks(iterator, processes)
  let rows = 0
  for (const task of tasks) {
    writeProcess(task, builder, workloads, redact)
    rows += 1
    if (builder.rows >= mostRows || builder.dictionaryBytes >= mostBytes) yield
  }
  return rows
}

/**
 * Parents that the iterator did not show although they live: hardened hosts keep their first process
 * out of it. What their children and /proc say is enough to name them.
 */
function unseenParents(tasks: readonly Task[]): Task[] {
  const byPid = new Map(tasks.map((task) => [task.pid, task]))
  const found: Task[] = []
  for (const child of tasks) {
    const { parentPid: pid, parentStartNs: startNs } = child
    if (pid === 0 || byPid.has(pid)) continue
    const status = startTicks(pid) === startNs / 10_000_000n ? readProcStatus(pid) : undefined
    if (!status) continue
    const parent = byPid.get(status.parentPid)
    const task: Task = {
      ...child,
      ...status,
      pid,
      startNs,
      execNo: child.parentExecNo,
      parentPid: parent ? parent.pid : 0,
      parentStartNs: parent ? parent.startNs : 0n,
      parentExecNo: parent ? parent.execNo : 0,
      isKernelThread: 0,
      inode: 0n,
      device: 0,
      tty: new Uint8Array(16),
    }
    byPid.set(pid, task)
    found.push(task)
  }
  return found
}

function writeProcess(
  task: Task,
  builder: BatchBuilder,
  workloads: WorkloadNames,
  redact: Redactor['redact'],
): void {
  const table = builder.table('process')
  const row = table.add()
  const { columns } = table
  const { pid, startNs } = task
  let flags: number = imageFlags.fromSnapshot
  if (task.isKernelThread !== 0) flags |= imageFlags.kernelThread
  if (pid === process.pid) flags |= ownFlag
  columns.bootNs[row] = readClockNs('boottime')
  columns.pid[row] = pid
  columns.tid[row] = pid
  columns.startNs[row] = startNs
  columns.execNo[row] = task.execNo
  columns.parentPid[row] = task.parentPid
  columns.parentStartNs[row] = task.parentPid === 0 ? 0n : task.parentStartNs
  columns.parentExecNo[row] = task.parentExecNo
  columns.uid[row] = task.uid
  columns.euid[row] = task.euid
  columns.gid[row] = task.gid
  columns.egid[row] = task.egid
  columns.loginUid[row] = task.loginUid
  columns.sessionId[row] = task.sessionId
  columns.capEffective[row] = task.capEffective
  columns.capPermitted[row] = task.capPermitted
  columns.capInheritable[row] = task.capInheritable
  columns.mountNs[row] = task.mountNs
  columns.pidNs[row] = task.pidNs
  columns.netNs[row] = task.netNs
  columns.userNs[row] = task.userNs
  columns.nsPid[row] = task.nsPid
  columns.cgroupId[row] = task.cgroupId
  columns.tty[row] = builder.string(terminalName(task.tty))
  columns.inode[row] = task.inode
  columns.device[row] = task.device
  const image = readProcImage(pid)
  // The pid may be another process's by now.
  if (startTicks(pid) === startNs / 10_000_000n) {
    const cgroup = new TextEncoder().encode(image.cgroup)
    const workload = workloads.learn(task.workloadId, cgroup)
    columns.cgroup[row] = builder.text(cgroup)
    columns.unit[row] = builder.string(workload.unit)
    columns.container[row] = builder.string(workload.container)
    columns.file[row] = builder.text(image.file)
    columns.cwd[row] = builder.text(image.cwd)
    columns.argvBytes[row] = image.argv.length
    const redacted = redact(image.argv)
    if (redacted) flags |= imageFlags.redacted
    columns.argv[row] = builder.text(redacted ?? image.argv)
    if (image.isArgvTruncated) flags |= imageFlags.argvTruncated
    if (image.isDeleted) flags |= imageFlags.deleted
    if (image.isMemfd) flags |= imageFlags.memfd
  } else {
    flags |= imageFlags.argvUnreadable
  }
  columns.flags[row] = flags
}

/**
 * Tells the TCP probe which sockets processes hold already, so that their close is reported: with the
 * first process that holds it, marked as inherited, its duration counted from now. Returns how many
 * found no room in the map: their close will not be told.
 */
export function inheritSockets(iterator: BpfLink, sockets: BpfMap): number {
  const nowNs = readClockNs('boottime')
  const key = new Uint8Array(new ArrayBuffer(8))
  const keyView = new DataView(key.buffer)
  const value = new Uint8Array(new ArrayBuffer(socketSizeBytes))
  const view = new DataView(value.buffer)
  const seen = new Set<bigint>()
  let refused = 0
  forEachIterated(iterator, taskSocketSizeBytes, (memory, at) => {
    const sock = taskSocket.sock(memory, at)
    if (seen.has(sock)) return
    keyView.setBigUint64(0, sock, true)
    value.fill(0)
    // Apart from the kernel's own counter by bit 62; unique as the clock runs faster than this loop.
    view.setBigUint64(socketOffsets.socketId, (1n << 62n) | (nowNs + BigInt(seen.size)), true)
    view.setBigUint64(socketOffsets.sinceNs, nowNs, true)
    view.setBigUint64(socketOffsets.startNs, taskSocket.startNs(memory, at), true)
    view.setUint32(socketOffsets.pid, taskSocket.pid(memory, at), true)
    view.setUint32(socketOffsets.tid, taskSocket.pid(memory, at), true)
    view.setUint32(socketOffsets.execNo, taskSocket.execNo(memory, at), true)
    view.setUint32(socketOffsets.uid, taskSocket.uid(memory, at), true)
    view.setUint32(socketOffsets.flags, tcpFlags.inherited, true)
    seen.add(sock)
    try {
      sockets.setBytes(key, value, 'only-new')
    } catch (cause) {
      // Otherwise the programs were there first.
      if (!(cause instanceof BpfError) || cause.errnoName !== 'EEXIST') refused += 1
    }
  })
  return refused
}
