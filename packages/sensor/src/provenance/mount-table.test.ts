import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { deviceNumber } from './device-number.ts'
import { parseMountTable } from './mount-table.ts'

const text = [
  '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '22 21 0:44 / /home/ann/my\\040files rw shared:2 master:1 - fuse.sshfs ann@host: rw',
  '23 21 0:45 / /srv rw - nfs4 server:/srv rw',
  '24 23 8:2 / /srv/local rw - xfs /dev/sda2 rw',
  '25 21 0:46 / /media rw - fuseblk /dev/sdb1 rw',
  'nonsense',
  '26 21 8:x / /broken rw - ext4 none rw',
  '27 21 0:47 /',
  '',
].join('\n')

suite('mount table', () => {
  test('knows file systems that may not answer, by device and by what lies on the way', () => {
    const mounts = parseMountTable(text)
    assert.equal(mounts.riskOf((8 << 20) | 1), undefined)
    assert.equal(mounts.riskOf(44), 'fuse.sshfs')
    assert.equal(mounts.riskOn('/home/ann/my files/x'), 'fuse.sshfs')
    assert.equal(mounts.riskOn('/home/ann/my files'), 'fuse.sshfs')
    assert.equal(mounts.riskOn('/home/ann/my filesystem'), undefined)
    assert.equal(mounts.riskOn('/srv/local/bin/x'), 'nfs4', 'the way leads through it')
    assert.equal(mounts.riskOn('/usr/bin/x'), undefined)
    assert.equal(mounts.deviceOf(24), (8 << 20) | 2)
    assert.equal(mounts.deviceOf(26), undefined)
    assert.equal(mounts.deviceOf(27), undefined)
  })
  test('trusts the file system that everything else comes from, too', () => {
    const mounts = parseMountTable(text, 46)
    assert.equal(mounts.riskOf(46), undefined)
    assert.equal(mounts.riskOn('/media/x'), undefined)
    assert.equal(mounts.riskOf(45), 'nfs4')
  })
  test('reads the mounts of this machine', () => {
    const mounts = parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'))
    const fdinfo = readFileSync('/proc/self/fdinfo/0', 'latin1')
    assert.notEqual(fdinfo, '')
    const line = readFileSync('/proc/self/mountinfo', 'latin1')
      .split('\n')
      .findLast((one) => one.split(' ')[4] === '/proc')
    assert.equal(
      mounts.deviceOf(Number(line?.split(' ')[0])),
      deviceNumber(statSync('/proc', { bigint: true }).dev),
    )
  })
})
