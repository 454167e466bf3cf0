/** Where this machine has its cgroups of version 2: network programs are attached at their root. */
import { readFileSync } from 'node:fs'

/** Mount point of the cgroup2 filesystem, as hybrid hosts have it elsewhere; undefined when there is none. */
export function unifiedMount(): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const words = line.split(' ')
    if (words[words.indexOf('-') + 1] === 'cgroup2') return words[4]
  }
  return undefined
}
