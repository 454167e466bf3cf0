/**
 * Boots a kernel with an initramfs in QEMU, without KVM, and gives what it printed.
 *
 * Timings in there are never evidence; correctness and instruction counts are.
 */
import { spawn } from 'node:child_process'

export interface GuestRun {
  readonly kernel: string
  readonly initramfs: string
  readonly timeoutMs: number
  /** Processors of the guest, default 2. */
  readonly cpus?: number
  readonly memoryMiB?: number
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
}

/** Resolves when QEMU has ended, by itself or by the time limit. Rejects when QEMU cannot be started. */
export async function runGuest(options: GuestRun): Promise<GuestResult> {
  const {
    kernel,
    initramfs,
    timeoutMs,
    cpus = 2,
    memoryMiB = 2048,
    countInstructions = false,
  } = options
  const began = performance.now()
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...(countInstructions
        ? ['-accel', 'tcg,thread=single', '-icount', 'shift=1,align=off,sleep=off', '-smp', '1']
        : ['-accel', 'tcg', '-smp', String(cpus)]),
      ...['-cpu', 'max', '-m', String(memoryMiB), '-kernel', kernel, '-initrd', initramfs],
      ...[
        '-append',
        'console=ttyS0 quiet panic=-1 lsm=landlock,lockdown,yama,integrity,apparmor,bpf mitigations=off',
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
    options.signal?.removeEventListener('abort', stop)
  }
  if (rest !== '') lines.push(rest)
  return { lines, ended, seconds: (performance.now() - began) / 1000 }
}
