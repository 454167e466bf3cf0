/** Rows of `exec`: what a record says, and what only user space can add (unit, container, redaction). */
import { imageFlags } from '@honeyguide/model/tables/exec'
import { exec as fields, execOffsets, execSizeBytes } from '../../../gen/records.ts'
import { doubleAt, exactAt, writeHead } from '../event-head.ts'
import { pathText } from '../path-text.ts'
import type { Probe } from '../probe.ts'
import { createImageCredentials } from './image-credentials.ts'
import { scriptPath, terminalName } from './image-text.ts'
import { isOwnImage } from './own-image.ts'

const readCredentials = createImageCredentials()

export const probe = {
  name: 'exec',
  ring: 'lifecycle',
  programs: [['hg_exec']],
  optionalPrograms: [{ program: 'hg_exec_script', needs: 'fentry' }],
  syscallExits: [],
  cpuMaps: ['hg_exec_memory'],
  structs: ['hg_exec'],
  decode({ builder, processes, workloads, redact, disown }, memory, at, length) {
    if (length < execSizeBytes) return false
    const typedAt = at + execSizeBytes
    const typedEnd = typedAt + fields.typedBytes(memory, at)
    const fileEnd = typedEnd + fields.fileBytes(memory, at)
    const cwdEnd = fileEnd + fields.cwdBytes(memory, at)
    const cgroupEnd = cwdEnd + fields.cgroupBytes(memory, at)
    const argvEnd = cgroupEnd + fields.argvBytes(memory, at)
    if (argvEnd > at + length) return false
    const { u8 } = memory
    const typed = builder.text(u8, typedAt, typedEnd)
    const file = pathText(builder, u8, typedEnd, fileEnd)
    const cwd = pathText(builder, u8, fileEnd, cwdEnd)
    const cgroup = pathText(builder, u8, cwdEnd, cgroupEnd)

    let flags = fields.eventFlags(memory, at)
    const isOwn = (flags & imageFlags.own) !== 0
    // Children of own processes are own, until they run a program that Honeyguide does not consist of.
    if (isOwn && !isOwnImage(builder.bytes(file))) disown(fields.eventPid(memory, at))

    const table = builder.table('exec')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const redacted = redact(u8, cgroupEnd, argvEnd)
    if (redacted) flags |= imageFlags.redacted
    const isScript = (flags & imageFlags.script) !== 0
    const workload = workloads.learn(
      exactAt(memory, at + execOffsets.workloadId),
      builder.bytes(cgroup),
    )
    const parentPid = fields.parentPid(memory, at)
    const execNo = fields.eventExecNo(memory, at)
    const uid = fields.eventUid(memory, at)
    flags |= processes.exec(
      {
        pid: fields.eventPid(memory, at),
        startNs: doubleAt(memory, at + execOffsets.eventStartNs),
        execNo,
        parentPid,
        parentStartNs: doubleAt(memory, at + execOffsets.parentStartNs),
      },
      {
        uid,
        all: readCredentials(memory, at),
        atNs: doubleAt(memory, at + execOffsets.eventBootNs),
        isOwn,
      },
    )
    columns.parentPid[row] = parentPid
    columns.parentStartNs[row] = fields.parentStartNs(memory, at)
    columns.parentExecNo[row] = fields.parentExecNo(memory, at)
    columns.uid[row] = uid
    columns.euid[row] = fields.euid(memory, at)
    columns.gid[row] = fields.gid(memory, at)
    columns.egid[row] = fields.egid(memory, at)
    columns.loginUid[row] = fields.loginUid(memory, at)
    columns.sessionId[row] = fields.sessionId(memory, at)
    columns.capEffective[row] = fields.capEffective(memory, at)
    columns.capPermitted[row] = fields.capPermitted(memory, at)
    columns.capInheritable[row] = fields.capInheritable(memory, at)
    columns.mountNs[row] = fields.mountNs(memory, at)
    columns.pidNs[row] = fields.pidNs(memory, at)
    columns.netNs[row] = fields.netNs(memory, at)
    columns.userNs[row] = fields.userNs(memory, at)
    columns.nsPid[row] = fields.nsPid(memory, at)
    columns.cgroupId[row] = fields.cgroupId(memory, at)
    columns.cgroup[row] = cgroup
    columns.unit[row] = builder.string(workload.unit)
    columns.container[row] = builder.string(workload.container)
    // Of nearly all processes of a server there is none.
    columns.tty[row] =
      u8[at + execOffsets.tty] === 0 ? 0 : builder.string(terminalName(fields.tty(memory, at)))
    columns.file[row] = isScript
      ? builder.text(scriptPath(builder.bytes(typed), builder.bytes(cwd)))
      : file
    columns.fileTyped[row] = typed
    columns.interpreter[row] = isScript ? file : 0
    columns.inode[row] = isScript ? fields.scriptInode(memory, at) : fields.inode(memory, at)
    columns.device[row] = isScript ? fields.scriptDevice(memory, at) : fields.device(memory, at)
    if (isScript) {
      columns.interpreterInode[row] = fields.inode(memory, at)
      columns.interpreterDevice[row] = fields.device(memory, at)
    }
    columns.cwd[row] = cwd
    columns.argv[row] = redacted ? builder.text(redacted) : builder.text(u8, cgroupEnd, argvEnd)
    columns.argvBytes[row] = fields.argvTotalBytes(memory, at)
    columns.flags[row] = flags
    columns.previousExecNo[row] = execNo === 0 ? 0 : execNo - 1
    return true
  },
} as const satisfies Probe
