/** Kernel Activity: other rights, another view of the system, a hand in the kernel or in another process. */
import {
  actorWorkload,
  eventColumns,
  namedProcess,
  processColumns,
  repeatColumns,
  type OcsfColumn,
} from './column.ts'
import { defineEventClass, type EventGroup } from './event-class.ts'

/** Ids and rights of a process before or after, under a prefix. */
function rightsColumns<const When extends string>(when: When) {
  const columns = {
    user_uid: { type: 'integer', doc: `Real user id ${when} the call.`, extension: true },
    user_euid: { type: 'integer', doc: `Effective user id ${when} the call.`, extension: true },
    group_gid: { type: 'integer', doc: `Real group id ${when} the call.`, extension: true },
    group_egid: { type: 'integer', doc: `Effective group id ${when} the call.`, extension: true },
    cap_effective: {
      type: 'text',
      doc: `Effective capabilities ${when} the call, 16 hex digits.`,
      extension: true,
    },
  } as const satisfies Record<string, OcsfColumn>
  type Columns = typeof columns
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [`${when}_${name}`, column]),
  ) as {
    readonly [Name in keyof Columns as `${When}_${Name & string}`]: Columns[Name]
  }
}

export const kernelActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process that asked for it'),
  ...actorWorkload,
  kernel_type: { type: 'text', doc: 'What it is about; the same as the kind of the event.' },
  kernel_system_call: {
    type: 'text',
    doc: 'The system call, or the operation of io_uring; `unexplained` where none stands for it.',
  },
  kernel_name: {
    type: 'text',
    doc: 'Name of what it is about: a module, an eBPF program or map, a key, the new name of a process, an opcode of io_uring; empty when none.',
  },
  kernel_path: {
    type: 'text',
    doc: 'Path that it is about: where is mounted, the new root, the file of a module; empty when none.',
    extension: true,
  },
  kernel_source: {
    type: 'text',
    doc: 'What is mounted or moved, the second path of a request, the name of a process before; empty when none.',
    extension: true,
  },
  kernel_subtype: {
    type: 'text',
    doc: 'Type of file system or key, tracepoint of an eBPF program, or stage of a request of io_uring; empty when none.',
    extension: true,
  },
  kernel_options: {
    type: 'text',
    doc: 'Options of mount, parameters of a module, command line of a kernel; empty when none.',
    extension: true,
  },
  kernel_request: {
    type: 'integer',
    doc: 'What was asked of a call that does many things: request of ptrace, option of prctl, command of bpf, opcode of io_uring; null for others.',
    extension: true,
  },
  call_flags: { type: 'long', doc: 'Flags of the call.', extension: true },
  call_arguments: {
    type: 'text',
    doc: 'Further numbers of the call, hexadecimal, with a space between; see the table `cred`.',
    extension: true,
  },
  asked_id: {
    type: 'integer',
    doc: 'User or group id that was asked for; null for calls that ask for none, or leave it.',
    extension: true,
  },
  kernel_object_type: {
    type: 'integer',
    doc: 'Type of an eBPF program, map or perf event, as the kernel numbers them.',
    extension: true,
  },
  kernel_object_uid: {
    type: 'long',
    doc: 'Id of an eBPF program, map or link, serial number of a key, or the request of io_uring that rows of its begin and end share; null when none.',
    extension: true,
  },
  file_inode: {
    type: 'long',
    doc: 'Inode number of the file it is about, or of the namespace.',
    extension: true,
  },
  file_device: { type: 'text', doc: 'Device of that file as major:minor.', extension: true },
  ...namedProcess('target_process', 'the process that was meant'),
  changes: {
    type: 'text',
    doc: 'What of the rights and namespaces of the process is another after the call: name, before and after of each, joined by commas; empty when nothing, null when it is not known.',
    extension: true,
  },
  ...rightsColumns('before'),
  ...rightsColumns('after'),
  dst_endpoint_ip: {
    type: 'text',
    doc: 'Other end of the socket that a request of io_uring works on; null for others.',
    extension: true,
  },
  dst_endpoint_port: { type: 'integer', doc: 'Its port.', extension: true },
  ...repeatColumns,
  status_code: { type: 'integer', doc: 'Error number; null when it worked.' },
  kernel_flags: {
    type: 'text',
    doc: 'Words joined by commas: refused, text truncated, path partial, path unknown ...',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

/** All are OCSF's Invoke: which kind it is stands in `kernel_type`. */
function kind<const Type extends string>(
  type: Type,
  pictogram: string,
  doc: string,
  object: readonly string[],
  group: EventGroup = 'kernel',
) {
  return {
    activity: { id: 4, name: 'Invoke' },
    where: { kernel_type: type },
    group,
    look: { pictogram, word: type.slice(0, 7) },
    object: ['kernel_system_call', ...object],
    doc,
  } as const
}

export const kernelClass = defineEventClass({
  view: 'kernel_activity',
  uid: 1003,
  doc: 'Changes of rights, namespaces and mounts; modules, eBPF, ptrace, keys; requests of io_uring.',
  columns: kernelActivity,
  subject: 'actor_process',
  kinds: {
    credentials: kind(
      'credentials',
      '🔑',
      'User ids, group ids or capabilities were changed, or somebody was refused that.',
      ['changes'],
      'identity',
    ),
    namespace: kind('namespace', '📦', 'A process is in another namespace.', ['changes']),
    root: kind('root', '🌳', 'The root of the file system was changed.', ['kernel_path']),
    mount: kind('mount', '💾', 'Something was mounted, moved or unmounted.', [
      'kernel_source',
      'kernel_path',
      'kernel_subtype',
    ]),
    module: kind('module', '🧩', 'A module or another kernel was loaded, or a module removed.', [
      'kernel_name',
      'kernel_path',
    ]),
    bpf: kind('bpf', '🐝', 'An eBPF program, map or link was made or used.', [
      'kernel_name',
      'kernel_subtype',
    ]),
    ptrace: kind('ptrace', '🔬', 'A process looks into another, or changes it.', [
      'target_process_name',
      'target_process_pid',
    ]),
    prctl: kind('prctl', '⚙️', 'A process changed what the kernel does with it.', [
      'kernel_request',
    ]),
    rename: kind('rename', '🎭', 'A process gave itself another name.', [
      'kernel_source',
      'kernel_name',
    ]),
    seccomp: kind('seccomp', '🚧', 'A process limited its system calls.', []),
    personality: kind('personality', '🎲', 'A process runs without random addresses.', []),
    key: kind('key', '🗝️', 'A key of the kernel was added, asked for or changed.', [
      'kernel_subtype',
      'kernel_name',
    ]),
    perf_event: kind('perf_event', '📈', 'A process counts or samples events of the machine.', [
      'target_process_pid',
    ]),
    io_uring: kind('io_uring', '💍', 'A request through io_uring, past the system calls.', [
      'kernel_name',
      'kernel_path',
      'dst_endpoint_ip',
    ]),
  },
  textColumns: ['kernel_system_call', 'kernel_name', 'kernel_path', 'kernel_source'],
  short: {
    call: { type: 'text', doc: 'A system call.', columns: ['kernel_system_call'] },
  },
})
