import { mutateTextBytes } from '../../../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../../../test/fuzz/target.ts'
import { textOf } from '../byte-text.ts'
import { createPathIndexBuilder } from '../path-index.ts'
import { listedNames, parseDiversions } from './diversions.ts'
import { listHolds, md5Of } from './file-lists.ts'
import { conffileDigest, parseStatus } from './status.ts'

const sum = '0123456789abcdef0123456789abcdef'
const path = '/usr/bin/true'

export const target = defineTarget({
  name: 'dpkg-texts',
  parser:
    "parseStatus, conffileDigest, parseDiversions, listHolds, md5Of and the path index of dpkg's lists",
  seeds: () =>
    [
      `Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9.1-1\nConffiles:\n ${path} ${sum}\n\nPackage: x\nStatus: install ok unpacked\nVersion: 1\nArchitecture: all\n`,
      `/.\n/usr\n/usr/bin\n${path}\n/usr/bin/false\n`,
      `${sum}  usr/bin/true\n${sum}  usr/bin/false\n`,
      `/bin/sh\n/bin/sh.distrib\ndash\n${path}\n${path}.real\n:\n`,
    ].map((text) => new Uint8Array(Buffer.from(text))),
  mutator: mutateTextBytes([
    ...['Package: ', 'Status: install ok installed', 'Version: ', 'Architecture: ', 'Conffiles:'],
    ...['\n', '\n\n', '\n ', '  ', ' obsolete', path, path.slice(1), sum, ':', '/', '\0', '\xff'],
  ]),
  property:
    'Whatever the files hold, packages have bounded names, digests are 32 hex digits, and what the index leaves out is a folder.',
  open: () => (input) => {
    const text = textOf(input)
    let packages = 0
    for (const found of parseStatus(text)) {
      packages += 1
      must(found.name !== '' && found.name.length <= 256, 'names are bounded')
      must(!found.name.includes('\n') && !found.version.includes('\n'), 'values are of one line')
      const digest = conffileDigest(text, found, path)
      must(digest === undefined || /^[0-9a-f]{32}$/.test(digest), 'digests are 32 hex digits')
    }
    const digest = md5Of(text, path)
    must(digest === undefined || /^[0-9a-f]{32}$/.test(digest), 'digests are 32 hex digits')
    const diversions = parseDiversions(text)
    for (const { from } of diversions.slice(0, 10))
      must(listedNames([from], diversions).length > 0, 'a name stays one')
    const builder = createPathIndexBuilder(1 << 20)
    must(builder.add(7, input), 'there is room')
    const index = builder.finish()
    const isListed = listHolds(text, path)
    must(
      !isListed || index.packagesOf(path).includes(7) || text.includes(`${path}/`),
      'a listed file is in the index',
    )
    return packages + diversions.length > 0 || isListed || digest !== undefined
      ? 'taken'
      : 'nothing'
  },
})
