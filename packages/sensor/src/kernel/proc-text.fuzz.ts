import { readFileSync } from 'node:fs'
import { mutateText } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { workloadOfPath } from '../workload/workload.ts'
import { parseProcStatus, workloadCgroup } from './proc-image.ts'

const id = '3f'.repeat(32)

export const target = defineTarget({
  name: 'proc-text',
  parser: 'parseProcStatus, workloadCgroup, workloadOfPath',
  seeds: () => [
    readFileSync('/proc/self/status', 'latin1'),
    'Name:\tx\nPPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nNSpid:\t42\t1\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n',
    `PPid:\t7\nUid:\t1\t2\n0::/\n5:pids:/docker/${id}\n1:name=systemd:/init.scope\n`,
    `PPid:\t7\nUid:\t1\t2\n0::/kubepods.slice/cri-containerd-${id}.scope\n12:cpu,cpuacct:/a\n3:memory:/b:c\n`,
    'PPid:\t7\nUid:\t1\t2\n0::/system.slice/dev\\x2dhugepages.mount\n',
  ],
  mutator: mutateText([
    '\n',
    ':',
    '::',
    '/',
    '\t',
    'PPid:',
    'Uid:',
    'NSpid:',
    'CapEff:',
    'ffffffffffffffff',
    '0::/',
    'pids',
    'memory',
    'name=systemd',
    '.service',
    '.scope',
    'docker-',
    'crio-conmon-',
    '\\x2d',
    '\\x00',
    id,
  ]),
  property:
    'Status gives ids that are numbers or nothing; a cgroup is a path of the text; a container is 32 or 64 hex digits or none.',
  open: () => (input) => {
    const cgroup = workloadCgroup(input)
    must(input.includes(cgroup), 'a cgroup is a path of the text')
    const { unit, container } = workloadOfPath(cgroup)
    must(unit.length <= cgroup.length, 'a unit is not longer than its path')
    must(/^(?:[0-9a-f]{32}|[0-9a-f]{64})?$/.test(container), 'a container is hex digits')
    const status = parseProcStatus(input)
    if (!status) return 'no status'
    must(
      Number.isSafeInteger(status.parentPid) && Number.isSafeInteger(status.uid),
      'ids are numbers',
    )
    must(status.capEffective >= 0n && status.capEffective < 1n << 64n, 'capabilities have 64 bits')
    return 'taken'
  },
})
