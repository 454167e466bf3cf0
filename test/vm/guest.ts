/**
 * Boots a kernel with an initramfs in QEMU, without KVM, and gives what it printed.
 *
 * Timings in there are never evidence; correctness and instruction counts are.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface GuestRun {
  readonly kernel: string
  readonly initramfs: string
  readonly timeoutMs: number
  /** Processors of the guest, default 2. */
  readonly cpus?: number
  /** Default 2048. */
  readonly memoryMiB?: number
  /** Processor model of QEMU. */
  readonly cpu?: string
  /** Accelerator of QEMU with its options. */
  readonly accelerator?: string
  /** Counts instructions instead of following the clock (one processor). */
  readonly countInstructions?: boolean
  readonly onLine?: (line: string) => void
  readonly signal?: AbortSignal
}

export interface GuestResult {
  readonly lines: readonly string[]
  /** Whether the guest's script came to its end. */
  readonly ended: boolean
  readonly seconds: number
  /** Processor time that QEMU took: what `seconds` would be about on a quiet machine. */
  readonly cpuSeconds: number
}

/** All that QEMU can emulate but protection keys, in which V8 wraps its JIT pages: less that may go wrong. */
const defaultCpu = 'max,pku=off'
/**
 * With a thread of the host for each processor Node died now and then (V8's check of its JIT pages,
 * SIGSEGV), and once stood still with both processors busy. In one thread that has not been seen.
 */
const defaultAccelerator = 'tcg,thread=single'
/**
 * LSMs with that of BPF, and without guards against speculation, which cost an emulated machine most. Instructions are
 * counted under these, as those of Tetragon were.
 */
const kernelOptions = 'lsm=landlock,lockdown,yama,integrity,apparmor,bpf mitigations=off'
/**
 * For tests memory is not filled with zeroes when it is given out, either, and nobody waits for a grace period of RCU
 * longer than it takes (each link that comes or goes does; a twelfth of the time). Libraries lie where they lay before,
 * so that what QEMU translated of them serves the next process, too (a fifteenth). None of it changes a program of ours.
 */
const testOptions = 'init_on_alloc=0 rcupdate.rcu_expedited=1 norandmaps'
/** Clock ticks of /proc/PID/stat in a second: the same on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Resolves when QEMU has ended, by itself or by the time limit. Rejects when QEMU cannot be started. */
export async function runGuest(options: GuestRun): Promise<GuestResult> {
  const {
    kernel,
    initramfs,
    timeoutMs,
    cpus = 2,
    memoryMiB = 2048,
    cpu = defaultCpu,
    accelerator = defaultAccelerator,
    countInstructions = false,
  } = options
  const began = performance.now()
  const child = spawn(
    // Ends with us, however we end. At full load for minutes: whoever else works here goes first.
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'nice', '-n', '15', 'qemu-system-x86_64'],
      ...(countInstructions
        ? ['-accel', 'tcg,thread=single', '-icount', 'shift=1,align=off,sleep=off', '-smp', '1']
        : ['-accel', accelerator, '-smp', String(cpus)]),
      ...['-cpu', cpu, '-m', String(memoryMiB), '-kernel', kernel, '-initrd', initramfs],
      ...[
        '-append',
        `console=ttyS0 quiet panic=-1 ${kernelOptions} ${countInstructions ? '' : testOptions}`,
      ],
      ...['-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-nic', 'none'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines: string[] = []
  let rest = ''
  let ended = false
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const line = part.replace(/\r$/, '')
      lines.push(line)
      if (line.startsWith('GUEST-END')) ended = true
      options.onLine?.(line)
    }
  })
  let cpuSeconds = 0
  const measuring = setInterval(() => {
    cpuSeconds = cpuSecondsOf(child.pid) ?? cpuSeconds
  }, 500)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const stop = (): void => void child.kill('SIGKILL')
  options.signal?.addEventListener('abort', stop)
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', () => resolve())
    })
  } finally {
    clearTimeout(timer)
    clearInterval(measuring)
    options.signal?.removeEventListener('abort', stop)
  }
  if (rest !== '') lines.push(rest)
  return { lines, ended, seconds: (performance.now() - began) / 1000, cpuSeconds }
}

/** User and system time of a process (utime and stime, fields 14 and 15 of proc(5)); undefined when it is gone. */
function cpuSecondsOf(pid: number | undefined): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return undefined
  }
}
