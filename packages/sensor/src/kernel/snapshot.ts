/** What was there before the sensor: processes as `process` rows, and their TCP sockets. */
import {
  forEachIterated,
  openObject,
  readClockNs,
  type BpfMap,
  type RecordMemory,
} from '@honeyguide/bpf'
import { imageFlags, tcpFlags, type BatchBuilder } from '@honeyguide/model'
import { socketOffsets, socketSizeBytes } from '../../gen/records.ts'
import {
  readTask,
  taskSizeBytes,
  taskSocket,
  taskSocketSizeBytes,
  type Task,
} from '../../gen/snapshot-records.ts'
import type { ProcessCache } from '../process-cache/process-cache.ts'
import { terminalName } from '../probes/exec/image-text.ts'
import type { WorkloadNames } from '../workload/workload-names.ts'
import { startTicks } from './own-processes.ts'
import { readProcImage } from './proc-image.ts'

/** When a builder should be sent away. */
const mostRows = 512
const mostBytes = 1 << 20
const ownFlag = imageFlags.own

function iterate(
  objectPath: string,
  program: string,
  sizeBytes: number,
  onRecord: (memory: RecordMemory, at: number) => void,
): void {
  const names = ['hg_tasks', 'hg_task_sockets']
  using object = openObject(objectPath, {
    programs: Object.fromEntries(names.map((name) => [name, { autoload: name === program }])),
  })
  object.load()
  using link = object.attach(program)
  forEachIterated(link, sizeBytes, onRecord)
}

/**
 * Writes a row for each process. Identity and ids are the kernel's, taken in one walk; texts come from
 * /proc afterwards, so a process that ended or did an exec meanwhile may miss them.
 */
export function* takeSnapshot(
  objectPath: string,
  builder: BatchBuilder,
  processes: ProcessCache,
  workloads: WorkloadNames,
  redact: (argv: Uint8Array) => Uint8Array | undefined,
): Generator<void, number, undefined> {
  const tasks: Task[] = []
  iterate(objectPath, 'hg_tasks', taskSizeBytes, (memory, at) => tasks.push(readTask(memory, at)))
  // Parents first, whatever the order of pids: all are known before anyone asks for a lineage.
  for (const task of tasks)
    processes.add({
      pid: task.pid,
      startNs: task.startNs,
      execNo: task.execNo,
      parentPid: task.parentPid,
      parentStartNs: task.parentStartNs,
    })
  let rows = 0
  for (const task of tasks) {
    writeProcess(task, builder, workloads, redact)
    rows += 1
    if (builder.rows >= mostRows || builder.dictionaryBytes >= mostBytes) yield
  }
  return rows
}

function writeProcess(
  task: Task,
  builder: BatchBuilder,
  workloads: WorkloadNames,
  redact: (argv: Uint8Array) => Uint8Array | undefined,
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
 * first process that holds it, marked as inherited, its duration counted from now.
 */
export function inheritSockets(objectPath: string, sockets: BpfMap): number {
  const nowNs = readClockNs('boottime')
  const key = new Uint8Array(new ArrayBuffer(8))
  const keyView = new DataView(key.buffer)
  const value = new Uint8Array(new ArrayBuffer(socketSizeBytes))
  const view = new DataView(value.buffer)
  const seen = new Set<bigint>()
  iterate(objectPath, 'hg_task_sockets', taskSocketSizeBytes, (memory, at) => {
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
    } catch {
      // The programs were there first (EEXIST), or the map is full: then its close is not told.
    }
  })
  return seen.size
}
