/** The eBPF kernel side as the pump wants it: `openKernel` with its clock, and a short name of its objects. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { lockFd, readClockNs, releaseFilePages, trimHeap } from '@honeyguide/bpf'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { SensorSettings } from '@honeyguide/model/settings'
import type { OpenedKernel, Progress, PumpKernelOptions } from '../pump/kernel-port.ts'
import { openKernel } from './kernel.ts'
import type { KernelProgress } from './progress.ts'

/** One sensor per state folder. Throws HG_STATE_LOCKED. */
export function lockState(stateDir: string): Disposable {
  const path = join(stateDir, 'spool.lock')
  const fd = openSync(path, 'a', 0o600)
  if (!lockFd(fd)) {
    closeSync(fd)
    throw new HoneyguideError('HG_STATE_LOCKED', `${path} is held by another sensor.`)
  }
  return { [Symbol.dispose]: () => closeSync(fd) }
}

/** Throws what `openKernel` throws. */
export function openPumpKernel(settings: SensorSettings, options: PumpKernelOptions): OpenedKernel {
  const kernel = openKernel(settings, {
    // The spool gives back what it was given, by this same function.
    progress: options.progress as KernelProgress | undefined,
    redact: options.redact,
  })
  return {
    kernel: {
      pump: (builder, limits) => kernel.pump(builder, limits),
      look: () => kernel.look(),
      commit: (progress: Progress) => kernel.commit(progress as KernelProgress),
      watch: (onWake, signal, steadyMs) => kernel.watch(onWake, signal, steadyMs),
      snapshot: (builder) => kernel.snapshot(builder),
      features: (builder) => kernel.features(builder),
      hooks: (builder) => kernel.hooks(builder),
      [Symbol.dispose]: () => kernel[Symbol.dispose](),
    },
    layout: kernel.layout,
    shortfalls: kernel.shortfalls,
    clock: { bootNs: () => readClockNs('boottime'), wallNs: () => readClockNs('realtime') },
    release() {
      releaseFilePages()
      trimHeap()
    },
  }
}
