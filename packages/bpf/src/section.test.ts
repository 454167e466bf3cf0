import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { featureNames } from './feature.ts'
import { featureOfSection, meaningOfSection, needsTarget } from './section.ts'

suite('sections', () => {
  test('say the hook, the target and whether it is the end of a function', () => {
    const short = (section: string): unknown[] => {
      const { hook, target, isReturn } = meaningOfSection(section)
      return [hook, target, isReturn]
    }
    assert.deepEqual(short('tp_btf/sched_switch'), ['tracing', 'sched_switch', false])
    assert.deepEqual(short('tracepoint/syscalls/sys_enter_open'), [
      'tracepoint',
      'syscalls/sys_enter_open',
      false,
    ])
    assert.deepEqual(short('uretprobe.s//bin/bash:readline'), [
      'uprobe',
      '/bin/bash:readline',
      true,
    ])
    assert.deepEqual(short('kretprobe.multi/tcp_*'), ['kprobeMulti', 'tcp_*', true])
    assert.deepEqual(short('xdp.frags'), ['xdp', '', false])
    assert.deepEqual(short('usdt/libc.so.6:libc:setjmp'), ['other', 'libc.so.6:libc:setjmp', false])
  })

  test('name the feature that a program needs, which has a probe', () => {
    const expected = {
      'cgroup/connect4': 'cgroup_sock_addr',
      'cgroup/connect_unix': 'cgroup_sock_addr_unix',
      'cgroup/sock_create': 'cgroup_sock',
      'cgroup/setsockopt': 'cgroup_sockopt',
      'cgroup/sysctl': 'cgroup_sysctl',
      'cgroup/dev': 'cgroup_device',
      'cgroup_skb/egress': 'cgroup_skb',
      sockops: 'sockops',
      'lsm.s/file_open': 'lsm',
      'fexit/tcp_connect': 'fentry',
      'iter.s/task': 'iter/task',
      'tcx/ingress': 'tc',
      netfilter: 'netfilter',
      sk_lookup: 'sk_lookup',
      perf_event: 'perf_event',
      'kprobe.multi/x': 'kprobe_multi',
    } as const
    for (const [section, feature] of Object.entries(expected)) {
      assert.equal(featureOfSection(section), feature, section)
      assert.ok(featureNames.some((name) => name === feature))
    }
    assert.equal(featureOfSection('tp_btf/x'), 'tracepoint/x')
    assert.equal(featureOfSection('iter/bpf_map'), undefined)
    assert.equal(featureOfSection('cgroup/unknown'), undefined)
  })

  test('that are newer than the library of the distribution are typed here', () => {
    assert.deepEqual(meaningOfSection('tcx/egress').later, { programType: 3, attachType: 47 })
    assert.deepEqual(meaningOfSection('uprobe.multi/libc.so.6:malloc').later, {
      programType: 2,
      attachType: 48,
    })
    assert.equal(meaningOfSection('tc').later, undefined)
    assert.equal(meaningOfSection('xdp').later, undefined)
  })

  test('tell what waits for the caller to say where', () => {
    const waits = (section: string): boolean => needsTarget(meaningOfSection(section))
    for (const section of [
      'xdp',
      'tc',
      'cgroup/connect4',
      'sk_lookup',
      'iter/task',
      'uprobe',
      'kprobe',
      'raw_tp',
      'perf_event',
      'netfilter',
    ])
      assert.equal(waits(section), true, section)
    for (const section of [
      'tp_btf/x',
      'uprobe/libc.so.6:malloc',
      'kprobe/x',
      'raw_tp/x',
      'tp/a/b',
      'fentry/x',
    ])
      assert.equal(waits(section), false, section)
  })
})
