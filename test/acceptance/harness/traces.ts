/**
 * What one instance has on this machine, noted while it runs, and what of it is there later.
 *
 * Goes by ids, paths and processes of that instance, so that another Honeyguide and whoever else uses eBPF
 * here do not matter. What is reached: pins, descriptors of its processes, and what hangs on those (the maps
 * of a program, the program of a link, the links of a program).
 */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { openPinnedLink, openPinnedMap, openPinnedProgram, takeInventory } from '@honeyguide/bpf'
import { cgroupDir, cgroupPids } from '../../../packages/honeyguide/src/launcher/cgroup.ts'
import {
  isAlive,
  processName,
  type ProcessName,
} from '../../../packages/honeyguide/src/launcher/run-record.ts'
import type { Instance } from '../../../packages/honeyguide/src/place.ts'

/** Kinds of things that `down` takes away. */
export const traceKinds = [
  ...['program', 'map', 'link', 'pin', 'cgroup', 'namespace', 'socket', 'process', 'folder'],
] as const

export interface Traces extends Disposable {
  readonly instance: Instance
  readonly programs: ReadonlySet<number>
  readonly maps: ReadonlySet<number>
  readonly links: ReadonlySet<number>
  readonly processes: readonly ProcessName[]
  /**
   * As /proc/PID/ns names them: `mnt:[4026532178]`; only those that are not this process's own. Held open until this is
   * disposed of: the kernel gives the number of a namespace that is gone to the next one, whoever makes it.
   */
  readonly namespaces: ReadonlySet<string>
  /** Inodes of the sockets of its processes. */
  readonly sockets: ReadonlySet<string>
}

/** Where /proc/net/NAME has the inode of a socket, by name. */
const inodeColumn = { unix: 6, tcp: 9, tcp6: 9, udp: 9, udp6: 9, netlink: 9 } as const

/** Lines or links of a /proc folder that may go away at any time. */
function tryTo<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read()
  } catch {
    return otherwise
  }
}

function namespacesOf(pid: number | 'self'): string[] {
  return tryTo(
    () =>
      readdirSync(`/proc/${pid}/ns`).map((kind) =>
        tryTo(() => readlinkSync(`/proc/${pid}/ns/${kind}`), ''),
      ),
    [],
  ).filter((name) => name !== '')
}

/** Files below `folder`, however deep. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

/** Notes what the instance has now; `pids` are those of its processes that its cgroup may lack. */
export function noteTraces(instance: Instance, pids: readonly number[]): Traces {
  const cgroup = cgroupDir(instance.id)
  const all = new Set([...pids, ...(cgroup === undefined ? [] : cgroupPids(cgroup))])
  const programs = new Set<number>()
  const maps = new Set<number>()
  const links = new Set<number>()
  const sockets = new Set<string>()
  const namespaces = new Map<string, number>()
  const ours = new Set(namespacesOf('self'))
  for (const pid of all) {
    for (const name of namespacesOf(pid)) {
      if (ours.has(name) || namespaces.has(name)) continue
      const fd = tryTo(
        () => openSync(`/proc/${pid}/ns/${name.slice(0, name.indexOf(':'))}`, 'r'),
        -1,
      )
      if (fd >= 0) namespaces.set(name, fd)
    }
    for (const fd of tryTo(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode !== undefined) sockets.add(inode)
      if (!target.startsWith('anon_inode:')) continue
      const info = tryTo(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'), '')
      for (const [, kind, id] of info.matchAll(/^(prog|map|link)_id:\s+(\d+)$/gm))
        ({ prog: programs, map: maps, link: links })[kind as 'prog' | 'map' | 'link'].add(
          Number(id),
        )
    }
  }
  for (const pin of filesBelow(instance.pinDir)) {
    const name = pin.slice(pin.lastIndexOf('/') + 1)
    if (name.startsWith('program-')) {
      using program = openPinnedProgram(pin)
      programs.add(program.info().id)
    } else if (/^(?:link|iterator)-/.test(name)) {
      using link = openPinnedLink(pin)
      links.add(link.info.id)
    } else {
      using map = openPinnedMap(pin)
      maps.add(map.info.id)
    }
  }
  const inventory = takeInventory()
  for (const id of links) {
    const program = inventory.links.get(id)?.programId
    if (program !== undefined) programs.add(program)
  }
  for (const { id, programId } of inventory.links.values())
    if (programs.has(programId)) links.add(id)
  for (const id of programs)
    for (const map of inventory.programs.get(id)?.mapIds ?? []) maps.add(map)
  return {
    instance,
    programs,
    maps,
    links,
    processes: [...all].flatMap((pid) => processName(pid) ?? []),
    namespaces: new Set(namespaces.keys()),
    sockets,
    [Symbol.dispose]: () => {
      for (const fd of namespaces.values()) closeSync(fd)
    },
  }
}

/** What of it is there now: `kind what`, with a kind of `traceKinds`. */
export function remaining(traces: Traces): string[] {
  const { instance } = traces
  const found: string[] = []
  const inventory = takeInventory()
  for (const [id, { name }] of inventory.programs)
    if (traces.programs.has(id)) found.push(`program ${id} ${name}`)
  for (const [id, { name }] of inventory.maps)
    if (traces.maps.has(id)) found.push(`map ${id} ${name}`)
  for (const [id, { programId }] of inventory.links)
    if (traces.links.has(id) || traces.programs.has(programId)) found.push(`link ${id}`)
  if (existsSync(instance.pinDir))
    found.push(
      `pin ${instance.pinDir}`,
      ...filesBelow(instance.pinDir).map((path) => `pin ${path}`),
    )
  const cgroup = cgroupDir(instance.id)
  if (cgroup !== undefined && existsSync(cgroup)) found.push(`cgroup ${cgroup}`)
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    for (const name of namespacesOf(Number(pid)))
      if (traces.namespaces.has(name)) found.push(`namespace ${name} of pid ${pid}`)
  for (const [file, at] of Object.entries(inodeColumn)) {
    for (const line of tryTo(() => readFileSync(`/proc/net/${file}`, 'utf8'), '').split('\n')) {
      const words = line.trim().split(/\s+/)
      const path = words[7] ?? ''
      const isBelow = [instance.runDir, instance.stateDir].some((dir) => path.startsWith(`${dir}/`))
      if (isBelow || traces.sockets.has(words[at] ?? ''))
        found.push(`socket ${file} ${words[at]} ${file === 'unix' ? path : ''}`)
    }
  }
  for (const one of traces.processes) if (isAlive(one)) found.push(`process ${one.pid}`)
  if (existsSync(instance.runDir)) found.push(`folder ${instance.runDir}`)
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n'))
    if ([instance.runDir, instance.stateDir, instance.pinDir].some((path) => line.includes(path)))
      found.push(`mount ${line}`)
  return found
}
