import { mutateTextBytes } from '../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { textOf } from './byte-text.ts'
import { parseMaps } from './mapped-files.ts'
import { parseMountTable } from './mount-table.ts'

export const target = defineTarget({
  name: 'proc-mounts',
  parser: 'parseMountTable and parseMaps of the sensor',
  seeds: () =>
    [
      '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n22 21 0:44 / /home/my\\040files rw - fuse.sshfs ann@host: rw\n',
      '7f0000000000-7f0000001000 r-xp 00000000 08:01 4242                       /usr/lib/libc.so.6\n7f0000002000-7f0000003000 rwxs 00001000 00:01 77 /memfd:x (deleted)\n7f0000004000-7f0000005000 r-xp 00000000 08:01 9 /tmp/a\\012b (deleted)\n',
    ].map((text) => new Uint8Array(Buffer.from(text))),
  mutator: mutateTextBytes([
    ...['\n', ' ', ' - ', 'fuse', 'nfs4', '0:44', '/home', '\\040', '\\012', ' (deleted)'],
    ...['r-xp', '18446744073709551616', '4294967296:1048576', '/memfd:', '\xff', '\0'],
  ]),
  property:
    'Whatever /proc seems to say, devices have 32 bits and inodes 64, and a path is below a risky mount only when a line says so.',
  open: () => (input) => {
    const text = textOf(input)
    const mounts = parseMountTable(text)
    const risk = mounts.riskOn('/home/my files/x')
    must(risk === undefined || text.includes(risk), 'a risk is one that stands there')
    for (let id = 20; id < 24; id++) {
      const device = mounts.deviceOf(id)
      must(device === undefined || (device >= 0 && device <= 0xffff_ffff), 'devices have 32 bits')
    }
    const files = parseMaps(text)
    for (const { device, inode, path } of files) {
      must(device >= 0 && device <= 0xffff_ffff, 'devices have 32 bits')
      must(inode >= 0n && inode < 1n << 64n, 'inodes have 64 bits')
      must(path !== '', 'a file has a path')
    }
    return files.length > 0 || mounts.deviceOf(21) !== undefined ? 'taken' : 'nothing'
  },
})
