import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { imageFlags } from '@honeyguide/model/tables/exec'
import {
  beginHistory,
  credentialsBefore,
  credentialsOfImage,
  inheritedCredentials,
  isUnexplained,
  sharedCredentials,
  tellChange,
  type Credentials,
} from './credentials.ts'
import { createProcessCache, type ProcessCache, type ProcessRecord } from './process-cache.ts'

const as = (uid: number): Credentials =>
  credentialsOfImage({
    ...{ uid, euid: uid, gid: uid, egid: uid },
    ...{ capEffective: 0n, capPermitted: 0n, capInheritable: 0n },
    ...{ mountNs: 1, pidNs: 2, netNs: 3, userNs: 4 },
  })
const pid = 100

suite('credentials that were told', () => {
  test('before the first change a process is what it began as', () => {
    const history = beginHistory(0, as(0), 1000)
    assert.deepEqual(credentialsBefore(history, 1001), as(0))
    assert.equal(credentialsBefore(history, 999), undefined, 'older than what is known')
    tellChange(history, pid, pid, as(33))
    assert.equal(credentialsBefore(history, 1002), undefined, 'the kernel says it from now on')
  })

  test('a server that gave up root and has it again without a call is noticed', () => {
    const history = beginHistory(0, as(0), 0)
    // setgroups and setgid come first, with the user still root.
    tellChange(history, pid, pid, { ...as(0), gid: 33, egid: 33 })
    tellChange(history, pid, pid, as(33))
    assert.equal(isUnexplained(history, 33, 1), false)
    assert.equal(isUnexplained(history, 0, 1), true)
  })

  test('a process that goes to and fro may be in either state, and in no third', () => {
    const history = beginHistory(0, as(0), 0)
    for (const uid of [33, 0, 33]) tellChange(history, pid, pid, as(uid))
    assert.equal(isUnexplained(history, 0, 1), false)
    assert.equal(isUnexplained(history, 33, 1), false)
    assert.equal(isUnexplained(history, 34, 1), true)
  })

  test('threads that change only themselves leave the others as they were', () => {
    const history = beginHistory(5, as(5), 0)
    tellChange(history, pid, 101, as(6))
    assert.equal(isUnexplained(history, 5, 1), false)
    assert.equal(isUnexplained(history, 6, 1), false)
    assert.equal(isUnexplained(history, 0, 1), true)
  })

  test('nothing is said of what is older, or of a process with too many users', () => {
    const history = beginHistory(5, as(5), 1000)
    assert.equal(isUnexplained(history, 0, 999), false)
    for (let uid = 10; uid < 40; uid++) tellChange(history, pid, pid, as(uid))
    assert.equal(isUnexplained(history, 0, 2000), false)
  })

  test('what is the same is kept once', () => {
    const before = as(5)
    assert.equal(sharedCredentials(before, as(5)), before)
    const after = { ...as(5), capEffective: 1n }
    assert.equal(sharedCredentials(before, after), after)
    assert.equal(sharedCredentials(undefined, after), after)
  })

  test('a child is what its maker last was, where that is sure', () => {
    const history = beginHistory(0, as(0), 0)
    assert.deepEqual(inheritedCredentials(history, 0), as(0))
    tellChange(history, pid, pid, as(33))
    assert.deepEqual(inheritedCredentials(history, 33), as(33))
    assert.equal(inheritedCredentials(history, 0), undefined, 'another user than told')
    tellChange(history, pid, pid, as(34))
    assert.equal(inheritedCredentials(history, 34), undefined, 'it may have gone to and fro')
  })
})

suite('user ids in the process cache', () => {
  const image = (of: number, execNo: number, parentPid = 1): ProcessRecord => ({
    ...{ pid: of, startNs: of, execNo },
    ...{ parentPid, parentStartNs: parentPid },
  })
  const told = (uid: number, atNs: number): { uid: number; all: Credentials; atNs: number } => ({
    uid,
    all: as(uid),
    atNs,
  })
  const open = (): ProcessCache => {
    const cache = createProcessCache({ capacity: 10, exitedMs: 1000 })
    cache.add({ ...image(1, 0), parentPid: 0, parentStartNs: 0 }, told(0, 10))
    cache.exec(image(2, 1), told(1000, 20))
    return cache
  }
  const { unexplainedUid } = imageFlags

  test('an exec by another user than the process was told to be is marked', () => {
    assert.equal(open().exec(image(2, 2), told(1000, 30)), 0)
    assert.equal(open().exec(image(2, 2), told(0, 30)), unexplainedUid)
  })

  test('after a change that was told it is the new user who is expected', () => {
    const cache = open()
    assert.deepEqual(cache.change(2, 2, 2, told(0, 30)), as(1000))
    assert.equal(cache.change(2, 2, 2, told(0, 31)), undefined)
    assert.equal(cache.exec(image(2, 2), told(0, 40)), 0)
    assert.equal(cache.isUnexplained(2, 2, told(1000, 50)), true)
  })

  test('a child of another user than its maker is marked, and a process that ends as one', () => {
    const cache = open()
    assert.equal(cache.fork(image(3, 1, 2), { uid: 1000, atNs: 30 }), 0)
    assert.equal(cache.fork(image(4, 1, 2), { uid: 0, atNs: 30 }), unexplainedUid)
    assert.equal(cache.isUnexplained(3, 3, { uid: 0, atNs: 40 }), true)
    // A child is what its maker was, so that the kernel need not say what was before its first change.
    assert.deepEqual(cache.change(3, 3, 3, told(33, 50)), as(1000))
  })

  test('nothing is marked of own processes, of records from before, and after a loss', () => {
    const cache = open()
    assert.equal(cache.isUnexplained(2, 2, { uid: 0, atNs: 30, isOwn: true }), false)
    assert.equal(cache.isUnexplained(2, 2, { uid: 0, atNs: 15 }), false)
    assert.equal(cache.isUnexplained(2, 2, { uid: 0, atNs: 30 }), true)
    cache.forgetCredentials()
    assert.equal(cache.isUnexplained(2, 2, { uid: 0, atNs: 30 }), false)
    assert.equal(cache.exec(image(2, 2), told(0, 40)), 0)
    assert.equal(cache.isUnexplained(2, 2, { uid: 7, atNs: 50 }), true, 'from the next exec on')
  })

  test('a second look at all processes does not undo what was told', () => {
    const cache = open()
    cache.change(2, 2, 2, told(33, 30))
    cache.add(image(2, 1), told(33, 40))
    assert.equal(cache.isUnexplained(2, 2, { uid: 1000, atNs: 35 }), true)
  })
})
