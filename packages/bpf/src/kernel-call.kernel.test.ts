import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { closeFd } from './ffi.ts'
import { programLoad } from './kernel-call.ts'
import { skipUnless } from './kernel-test.ts'

const EAGAIN = -11

/** Instructions `r0 = 0`, as many as take the verifier a moment, and `exit`. */
function longProgram(): Uint8Array {
  const count = 4000
  const bytes = new Uint8Array(8 * (count + 1))
  for (let at = 0; at < count; at++) bytes[8 * at] = 0xb7
  bytes[8 * count] = 0x95
  return bytes
}

suite('calls of bpf(2)', { skip: skipUnless('tp_btf') }, () => {
  test('a program is loaded while signals come', async () => {
    const onSignal = (): void => undefined
    process.on('SIGWINCH', onSignal)
    const instructions = longProgram()
    const load = (): number => {
      const fd = programLoad({ type: 1, instructions })
      if (fd >= 0) closeFd(fd)
      return fd
    }
    /** How long it takes, ms, and what came of it. */
    const timed = (): { ms: number; fd: number } => {
      const began = performance.now()
      const fd = load()
      return { fd, ms: performance.now() - began }
    }
    // Longer than a load: many meet a signal, few meet two.
    const everyMs = Math.ceil(3 * Math.max(timed().ms, timed().ms, timed().ms))
    const sender = spawn(process.execPath, [
      '-e',
      `setInterval(() => process.kill(${process.pid}, 'SIGWINCH'), ${everyMs}); process.stdout.write('on')`,
    ])
    try {
      await once(sender.stdout, 'data')
      let slow = 0
      for (let time = 0; time < 200; time++) {
        const { fd, ms } = timed()
        // A machine that has become slower than signals come: every try has met one.
        if (fd === EAGAIN && ms > 3 * everyMs) slow += 1
        else assert.ok(fd >= 0, `load ${time}: ${fd}`)
      }
      assert.ok(slow < 100, `${slow} of 200 met signals all the time`)
    } finally {
      sender.kill('SIGKILL')
      await once(sender, 'exit')
      process.off('SIGWINCH', onSignal)
    }
  })
})
