/** Rows of `exec`: what a record says, and what only user space can add (unit, container, redaction). */
import { imageFlags } from '@honeyguide/model/tables/exec'
import { exec as fields, execSizeBytes } from '../../../gen/records.ts'
import { credentialsOfImage } from '../../process-cache/credentials.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'
import { rootFirst } from '../root-first.ts'
import { scriptPath, terminalName } from './image-text.ts'
import { isOwnImage } from './own-image.ts'

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
    const typedEnd = at + execSizeBytes + fields.typedBytes(memory, at)
    const fileEnd = typedEnd + fields.fileBytes(memory, at)
    const cwdEnd = fileEnd + fields.cwdBytes(memory, at)
    const cgroupEnd = cwdEnd + fields.cgroupBytes(memory, at)
    const argvEnd = cgroupEnd + fields.argvBytes(memory, at)
    if (argvEnd > at + length) return false
    const { u8 } = memory
    const typed = u8.subarray(at + execSizeBytes, typedEnd)
    const file = rootFirst(u8.subarray(typedEnd, fileEnd))
    const cwd = rootFirst(u8.subarray(fileEnd, cwdEnd))
    const cgroup = rootFirst(u8.subarray(cwdEnd, cgroupEnd))
    let argv = u8.subarray(cgroupEnd, argvEnd)

    // Children of own processes are own, until they run a program that Honeyguide does not consist of.
    if ((fields.eventFlags(memory, at) & imageFlags.own) !== 0 && !isOwnImage(file))
      disown(fields.eventPid(memory, at))

    const table = builder.table('exec')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    let flags = fields.eventFlags(memory, at)
    const redacted = redact(argv)
    if (redacted) {
      argv = redacted
      flags |= imageFlags.redacted
    }
    const isScript = (flags & imageFlags.script) !== 0
    const image = isScript ? scriptPath(typed, cwd) : file
    const workload = workloads.learn(fields.workloadId(memory, at), cgroup)
    const parentPid = fields.parentPid(memory, at)
    const parentStartNs = fields.parentStartNs(memory, at)
    const uid = fields.eventUid(memory, at)
    flags |= processes.exec(
      {
        pid: fields.eventPid(memory, at),
        startNs: fields.eventStartNs(memory, at),
        execNo: fields.eventExecNo(memory, at),
        parentPid,
        parentStartNs,
      },
      {
        uid,
        all: credentialsOfImage({
          uid,
          euid: fields.euid(memory, at),
          gid: fields.gid(memory, at),
          egid: fields.egid(memory, at),
          capEffective: fields.capEffective(memory, at),
          capPermitted: fields.capPermitted(memory, at),
          capInheritable: fields.capInheritable(memory, at),
          mountNs: fields.mountNs(memory, at),
          pidNs: fields.pidNs(memory, at),
          netNs: fields.netNs(memory, at),
          userNs: fields.userNs(memory, at),
        }),
        atNs: fields.eventBootNs(memory, at),
        isOwn: (flags & imageFlags.own) !== 0,
      },
    )
    const execNo = fields.eventExecNo(memory, at)
    columns.parentPid[row] = parentPid
    columns.parentStartNs[row] = parentStartNs
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
    columns.cgroup[row] = builder.text(cgroup)
    columns.unit[row] = builder.string(workload.unit)
    columns.container[row] = builder.string(workload.container)
    columns.tty[row] = builder.string(terminalName(fields.tty(memory, at)))
    columns.file[row] = builder.text(image)
    columns.fileTyped[row] = builder.text(typed)
    columns.interpreter[row] = isScript ? builder.text(file) : 0
    const inode = fields.inode(memory, at)
    const device = fields.device(memory, at)
    columns.inode[row] = isScript ? fields.scriptInode(memory, at) : inode
    columns.device[row] = isScript ? fields.scriptDevice(memory, at) : device
    columns.interpreterInode[row] = isScript ? inode : 0n
    columns.interpreterDevice[row] = isScript ? device : 0
    columns.cwd[row] = builder.text(cwd)
    columns.argv[row] = builder.text(argv)
    columns.argvBytes[row] = fields.argvTotalBytes(memory, at)
    columns.flags[row] = flags
    columns.previousExecNo[row] = execNo === 0 ? 0 : execNo - 1
    return true
  },
} as const satisfies Probe
