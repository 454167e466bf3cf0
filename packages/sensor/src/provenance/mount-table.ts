/**
 * Mounts of a namespace from /proc/PID/mountinfo (proc(5)): which device a mount shows, and where file
 * systems lie that may keep whoever looks into them waiting for ever, because a user's program (FUSE) or
 * another machine answers. Pure.
 */

export interface MountTable {
  /** Device (kernel's dev_t) of a mount; undefined when there is no such mount. */
  deviceOf(mountId: number): number | undefined
  /** Type of the file system with this device when it is one that may not answer. */
  riskOf(device: number): string | undefined
  /** The same for a path as processes with this root see it: some mount on its way is one. */
  riskOn(path: string): string | undefined
}

/** Beyond these the table is cut; a host with thousands of containers has some ten thousand. */
const mostMounts = 65_536

const riskyTypes = new Set([
  ...['fuse', 'fuseblk', 'virtiofs', 'autofs'],
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'ceph', 'afs', 'coda', 'ncpfs'],
  ...['lustre', 'gpfs', 'beegfs', 'ocfs2', 'gfs2', 'orangefs', 'pvfs2', 'glusterfs'],
])

function isRisky(type: string): boolean {
  return riskyTypes.has(type) || type.startsWith('fuse.')
}

/** Space, tab, newline and backslash are written as octal numbers. */
function unescape(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8) & 255),
      )
    : text
}

/** Text (a byte a character) of mountinfo. A file system with `trusted` as its device is not held risky. */
export function parseMountTable(text: string, trusted?: number): MountTable {
  const devices = new Map<number, number>()
  const risky = new Map<number, string>()
  const points: { readonly path: string; readonly type: string }[] = []
  let mounts = 0
  for (let at = 0; at < text.length && mounts < mostMounts;) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    const line = text.slice(at, end)
    at = end + 1
    mounts += 1
    const [id, , numbers, , point] = line.split(' ', 5)
    const dash = line.indexOf(' - ')
    const [major, minor] = (numbers ?? '').split(':').map(Number)
    const mountId = Number(id)
    if (dash < 0 || point === undefined || major === undefined || minor === undefined) continue
    if (![mountId, major, minor].every((number) => Number.isInteger(number) && number >= 0))
      continue
    const device = ((major << 20) | (minor & 0xf_ff_ff)) >>> 0
    devices.set(mountId, device)
    const [type = ''] = line.slice(dash + 3).split(' ', 1)
    if (!isRisky(type) || device === trusted) continue
    risky.set(device, type)
    points.push({ path: unescape(point), type })
  }
  return {
    deviceOf: (mountId) => devices.get(mountId),
    riskOf: (device) => risky.get(device),
    riskOn(path) {
      for (const point of points)
        if (
          path.startsWith(point.path) &&
          (path.length === point.path.length ||
            point.path.endsWith('/') ||
            path[point.path.length] === '/')
        )
          return point.type
      return undefined
    },
  }
}
