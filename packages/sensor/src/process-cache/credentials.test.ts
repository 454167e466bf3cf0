import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  beginHistory,
  credentialsBefore,
  credentialsOfImage,
  inheritedCredentials,
  isUnexplained,
  tellChange,
  type Credentials,
} from './credentials.ts'

const as = (uid: number): Credentials =>
  credentialsOfImage({
    ...{ uid, euid: uid, gid: uid, egid: uid },
    ...{ capEffective: 0n, capPermitted: 0n, capInheritable: 0n },
    ...{ mountNs: 1, pidNs: 2, netNs: 3, userNs: 4 },
  })
const pid = 100

suite('credentials that were told', () => {
  test('before the first change a process is what it began as', () => {
    const history = beginHistory(0, as(0), 1000n)
    assert.deepEqual(credentialsBefore(history, 1001n), as(0))
    assert.equal(credentialsBefore(history, 999n), undefined, 'older than what is known')
    tellChange(history, pid, pid, as(33))
    assert.equal(credentialsBefore(history, 1002n), undefined, 'the kernel says it from now on')
  })

  test('a server that gave up root and has it again without a call is noticed', () => {
    const history = beginHistory(0, as(0), 0n)
    // setgroups and setgid come first, with the user still root.
    tellChange(history, pid, pid, { ...as(0), gid: 33, egid: 33 })
    tellChange(history, pid, pid, as(33))
    assert.equal(isUnexplained(history, 33, 1n), false)
    assert.equal(isUnexplained(history, 0, 1n), true)
  })

  test('a process that goes to and fro may be in either state, and in no third', () => {
    const history = beginHistory(0, as(0), 0n)
    for (const uid of [33, 0, 33]) tellChange(history, pid, pid, as(uid))
    assert.equal(isUnexplained(history, 0, 1n), false)
    assert.equal(isUnexplained(history, 33, 1n), false)
    assert.equal(isUnexplained(history, 34, 1n), true)
  })

  test('threads that change only themselves leave the others as they were', () => {
    const history = beginHistory(5, as(5), 0n)
    tellChange(history, pid, 101, as(6))
    assert.equal(isUnexplained(history, 5, 1n), false)
    assert.equal(isUnexplained(history, 6, 1n), false)
    assert.equal(isUnexplained(history, 0, 1n), true)
  })

  test('nothing is said of what is older, or of a process with too many users', () => {
    const history = beginHistory(5, as(5), 1000n)
    assert.equal(isUnexplained(history, 0, 999n), false)
    for (let uid = 10; uid < 40; uid++) tellChange(history, pid, pid, as(uid))
    assert.equal(isUnexplained(history, 0, 2000n), false)
  })

  test('a child is what its maker last was, where that is sure', () => {
    const history = beginHistory(0, as(0), 0n)
    assert.deepEqual(inheritedCredentials(history, 0), as(0))
    tellChange(history, pid, pid, as(33))
    assert.deepEqual(inheritedCredentials(history, 33), as(33))
    assert.equal(inheritedCredentials(history, 0), undefined, 'another user than told')
    tellChange(history, pid, pid, as(34))
    assert.equal(inheritedCredentials(history, 34), undefined, 'it may have gone to and fro')
  })
})
