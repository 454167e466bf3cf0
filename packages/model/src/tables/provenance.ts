import { defineTable, text, u32, u64 } from './table.ts'

/** Values of `state`: what the package database of the file's root says of it. */
export const provenanceStates = {
  /** A package's file, as the package made it: its digest is the one that the package gives. */
  ownedMatches: 1,
  /** A package's file with other content than the package gave it. */
  ownedDiffers: 2,
  /** A package's file that cannot be compared: no digest in the package, or a changed configuration file; `reason` says which. */
  ownedNoDigest: 3,
  /** In no package. */
  notOwned: 4,
  /** Nothing that can be relied on; `reason` says why. */
  unknown: 5,
} as const

/** Values of `role`: as what the file was seen first. */
export const provenanceRoles = {
  /** Executed (a script or a program). */
  image: 1,
  /** Runs a script. */
  interpreter: 2,
  /** Mapped executable. */
  library: 3,
} as const

/** Bits of `flags` of `provenance`. */
export const provenanceFlags = {
  /** A configuration file of its package: made to be changed. */
  configuration: 1 << 0,
  /** Has no name any more; what the row says of a package is said of the file that had the name. */
  deleted: 1 << 1,
  /** Lives in memory only (memfd). */
  memfd: 1 << 2,
  /** Found by its path alone, as the kernel did not tell its inode: the file that lay there when it was looked at. */
  byPath: 1 << 3,
  /** The package database is not the host's own but lies in the root of the process (a container): whoever rules there may have written it. */
  foreignDatabase: 1 << 4,
  /** Packages were being installed or removed: another row follows when that is over. */
  provisional: 1 << 5,
} as const

export const provenance = defineTable({
  name: 'provenance',
  id: 17,
  ring: 'none',
  doc: 'Where a file that ran or was mapped executable comes from: the package that owns it and whether it is as packaged, and what the file itself tells. One row for each (device, inode, changedNs) and path in a run of the sensor, and again after each connection to a hub when it is seen again; a later row for the same key holds.',
  bits: { flags: provenanceFlags },
  values: { role: provenanceRoles, state: provenanceStates },
  columns: {
    atNs: u64(1, 'When it was found out, ns since boot.'),
    inode: u64(2, 'Inode number, as in `exec`.'),
    device: u32(3, "The kernel's dev_t, (major << 20) | minor, as in `exec`."),
    changedNs: u64(
      4,
      'Last change of the inode (ctime), ns since 1970: names one state of the file. 0 when it could not be opened.',
    ),
    path: text(5, 'Path as seen from the root of the process; of a script as it was typed.'),
    mountNs: u32(6, 'Inode number of the mount namespace in which it was seen.'),
    role: u32(7, 'One of `provenanceRoles`.'),
    state: u32(8, 'One of `provenanceStates`.'),
    reason: text(9, 'Why the state says no more than it does, in words; empty otherwise.'),
    flags: u32(10, 'Bits of `provenanceFlags`.'),
    manager: text(11, 'dpkg or rpm; empty when no package owns it.'),
    package: text(12, 'Name of the package that owns it.'),
    version: text(13, 'Its version, of rpm with epoch and release.'),
    architecture: text(14, 'Its architecture, for example amd64 or x86_64.'),
    packagedPath: text(
      15,
      'The path as the package spells it where that differs: /bin/true for /usr/bin/true, or before a diversion.',
    ),
    digestAlgorithm: text(16, "Of the package's digest: md5, sha256 ...; empty without one."),
    packagedDigest: text(17, 'What the package says the content is, in hex.'),
    digest: text(18, 'The same digest of the content as found, in hex; empty when not computed.'),
    sha256: text(
      19,
      'SHA-256 of the content in hex; empty when it is larger than `sensor.provenance.maxFileBytes` or could not be read.',
    ),
    sizeBytes: u64(20, 'Length of the file.'),
    modifiedNs: u64(21, 'Last change of the content (mtime), ns since 1970.'),
    bornNs: u64(
      22,
      'When the inode was made, ns since 1970; 0 where the file system does not say.',
    ),
    uid: u32(23, 'Owner of the file.'),
    gid: u32(24, 'Group of the file.'),
    mode: u32(25, 'Type and permission bits, as in stat(2).'),
    writerPid: u32(
      26,
      'The process that the sensor last saw write to this inode: its pid; 0 when it saw none.',
    ),
    writerStartNs: u64(27, 'Its start_boottime in ns.'),
    writerExecNo: u32(28, 'Which image of it wrote.'),
    writtenNs: u64(29, 'When, ns since boot.'),
  },
})
