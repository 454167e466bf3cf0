/**
 * From the path of a cgroup to the workload: systemd unit and container id. Pure.
 *
 * Paths are those of cgroup v2, or of a v1 hierarchy where v2 is not used; systemd and the container
 * engines use the same names in both.
 */

export interface Workload {
  /** For example `nginx.service`; empty when none. */
  readonly unit: string
  /** The container's id as the engine prints it, hex; empty when none. */
  readonly container: string
}

export const noWorkload: Workload = { unit: '', container: '' }

/**
 * Prefixes and suffixes that engines put around an id: docker-<id>.scope, cri-containerd-<id>.scope,
 * crio-<id>.scope, libpod-<id>.scope; or the bare id as a folder (cgroupfs driver).
 */
const containerFolder = /^(?:[a-z][a-z-]*-)?([0-9a-f]{64}|[0-9a-f]{32})(?:\.scope)?$/
/** crio-conmon-<id> and libpod-conmon-<id> hold the monitor, not the container. */
const monitorFolder = /^[a-z-]*conmon-/
const unitFolder = /^[^/]+\.(?:service|scope|socket|mount|swap)$/

/** systemd writes `\x2d` for characters that a unit name may not have. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

/** Names of the innermost unit and container in `path`. */
export function workloadOfPath(path: string): Workload {
  let unit = ''
  let container = ''
  for (const folder of path.split('/')) {
    if (folder === '') continue
    const found = monitorFolder.test(folder) ? null : containerFolder.exec(folder)
    if (found) {
      container = found[1] ?? ''
      continue
    }
    // Below user@1000.service every app has a unit of its own; the innermost one says most.
    if (unitFolder.test(folder)) unit = unescapeUnit(folder)
  }
  return unit === '' && container === '' ? noWorkload : { unit, container }
}
