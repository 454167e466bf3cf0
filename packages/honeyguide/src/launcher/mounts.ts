/** What is mounted where, from /proc/self/mountinfo: the cgroup2 tree (hybrid hosts have it elsewhere) and bpffs. */
import { readFileSync } from 'node:fs'

export interface Mount {
  readonly target: string
  readonly type: string
}

/** Reads mountinfo (proc_pid_mountinfo(5)); the last mount on a target is the one that is seen. */
export function parseMountinfo(text: string): Mount[] {
  const unescape = (word: string) =>
    word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ')
    const dash = words.indexOf('-')
    const target = words[4]
    const type = words[dash + 1]
    return dash > 0 && target !== undefined && type !== undefined
      ? [{ target: unescape(target), type }]
      : []
  })
}

export function readMounts(): Mount[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** Where cgroup v2 is mounted; undefined when it is not. */
export function cgroup2Root(mounts: readonly Mount[] = readMounts()): string | undefined {
  return mounts.find(({ type }) => type === 'cgroup2')?.target
}
