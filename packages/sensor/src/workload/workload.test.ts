import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createWorkloadNames } from './workload-names.ts'
import { workloadOfPath } from './workload.ts'

const id = '3f'.repeat(32)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Paths as systemd, the container engines and Kubernetes make them, on version 2, version 1 and mixed hosts. */
const paths: readonly (readonly [string, string, string])[] = [
  ['/', '', ''],
  ['/init.scope', 'init.scope', ''],
  ['/system.slice/nginx.service', 'nginx.service', ''],
  ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service', ''],
  ['/system.slice/dev\\x2dhugepages.mount', 'dev-hugepages.mount', ''],
  ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope', ''],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-shell.scope',
    'app-shell.scope',
    '',
  ],
  [`/system.slice/docker-${id}.scope`, '', id],
  [`/docker/${id}`, '', id],
  [`/docker/${id}/init.scope`, 'init.scope', id],
  [`/system.slice/docker-${id}.scope/system.slice/sshd.service`, 'sshd.service', id],
  [`/machine.slice/libpod-${id}.scope/container`, '', id],
  [`/machine.slice/libpod-conmon-${id}.scope`, `libpod-conmon-${id}.scope`, ''],
  [`/kubepods.slice/kubepods-burstable.slice/cri-containerd-${id}.scope`, '', id],
  [`/kubepods/besteffort/pod1b2c/${id}`, '', id],
  [`/kubepods.slice/crio-${id}.scope`, '', id],
  ['/lxc.payload.web/system.slice/cron.service', 'cron.service', ''],
]

suite('workload of a cgroup', () => {
  for (const [path, unit, container] of paths)
    test(`${path} is ${unit || 'no unit'} in ${container ? 'a container' : 'no container'}`, () => {
      assert.deepEqual(workloadOfPath(path), { unit, container })
    })

  test('a path is learnt by its id, and a fork gets it by the id alone', () => {
    const names = createWorkloadNames(2)
    assert.equal(names.learn(7n, bytes('/system.slice/a.service')).unit, 'a.service')
    assert.deepEqual(names.pathOf(7n), bytes('/system.slice/a.service'))
    assert.deepEqual(names.pathOf(8n), new Uint8Array(0))
    names.learn(8n, bytes('/b'))
    names.learn(9n, bytes('/c'))
    assert.deepEqual(names.pathOf(7n), new Uint8Array(0), 'the oldest went')
    assert.equal(names.learn(9n, bytes('/renamed.service')).unit, 'renamed.service')
  })
})
