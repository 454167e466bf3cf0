import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HoneyguideError } from '../errors.ts'
import { createLogger, type LoggerOptions } from './log.ts'

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }
  const log = createLogger({
    component: 'sensor',
    level: 'info',
    sink: (line) => lines.push(line),
    now: () => clock.now,
    ...options,
  })
  return { lines, clock, log }
}

suite('log', () => {
  test('writes one JSON object a line, with the code of an error', () => {
    const { lines, log } = capture()
    log.child('uplink').warn('The hub is away.', {
      error: new HoneyguideError('HG_FRAME_INVALID', 'why'),
      waiting: 3n,
      none: undefined,
    })
    assert.deepEqual(JSON.parse(lines[0] ?? ''), {
      time: '2026-01-02T03:04:05.678Z',
      level: 'warn',
      component: 'uplink',
      message: 'The hub is away.',
      code: 'HG_FRAME_INVALID',
      error: 'A frame on a socket has a wrong length or content. why',
      waiting: '3',
    })
  })
  test('leaves out what is below its level', () => {
    const { lines, log } = capture({ level: 'warn' })
    log.info('no')
    log.debug('no')
    log.error('yes')
    assert.equal(lines.length, 1)
  })
  test('writes a repeated warning once a minute, with the count of those between', () => {
    const { lines, clock, log } = capture()
    for (let i = 0; i < 61; i++) {
      log.warn('The disk is full.')
      clock.now += 1000
    }
    assert.equal(lines.length, 2)
    assert.equal(JSON.parse(lines[1] ?? '').repeated, 59)
    clock.now -= 3_600_000
    log.warn('The disk is full.')
    assert.equal(lines.length, 3, 'a clock set back silences nothing')
  })
  test('is readable on a terminal', () => {
    const { lines, log } = capture({ form: 'human' })
    log.info('Attached.', { run: 3, layout: 'ab' })
    assert.equal(lines[0], '03:04:05.678 info  sensor: Attached. run=3 layout="ab"')
  })
})
