/** `honeyguide record FILE`: keeps the sensor's stream in a file that `up --replay` and `replay` play again. */
import { existsSync } from 'node:fs'
import { createRecording } from '@honeyguide/hub'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Command } from 'commander'
import { observeBatches } from '../observe/connection.ts'
import { recordingHeader } from '../observe/recording-header.ts'
import { createReporter } from '../terminal/reporter.ts'
import { createContext, withShared, type SharedOptions } from './context.ts'

interface RecordOptions extends SharedOptions {
  readonly for?: string
  readonly label?: string
}

export function addRecord(program: Command): void {
  withShared(program.command('record <file>'))
    .summary("keep the sensor's stream in a file")
    .description(
      'Records until Ctrl-C, or for a time. The file holds what the sensor sends, from the processes that live at its begin on; argument lists are redacted as in the store.',
    )
    .option('--for <seconds>', 'end after this many seconds')
    .option('--label <text>', 'what is in it, for people', 'recorded with honeyguide record')
    .action(async (file: string, options: RecordOptions) => {
      const context = createContext(options)
      const reporter = createReporter({ out: process.stderr, isJson: options.json ?? false })
      if (existsSync(file))
        throw new HoneyguideError('HG_USAGE', `${file} is there already; it is not overwritten.`)
      const seconds = options.for === undefined ? undefined : Number(options.for)
      if (seconds !== undefined && !(seconds > 0))
        throw new HoneyguideError('HG_USAGE', '--for is a number of seconds.')
      const stop = new AbortController()
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())
      const source = observeBatches({
        socketPath: context.instance.observeSocket,
        signal: stop.signal,
      })
      // The sensor speaks before the file is made: nothing is left behind when none is there.
      let first = await source.next()
      while (first.done !== true && first.value.kind !== 'hello') first = await source.next()
      if (first.done === true || first.value.kind !== 'hello') return
      await using recording = await createRecording(
        file,
        recordingHeader(first.value.hello, new Date().toISOString(), options.label ?? ''),
      )
      reporter.say(`Recording into ${file}; Ctrl-C ends it.`, { file })
      if (seconds !== undefined) setTimeout(() => stop.abort(), seconds * 1000)
      for await (const seen of source) {
        if (seen.kind === 'away') reporter.warn('The sensor is away; waiting for it.')
        if (seen.kind === 'batch')
          await recording.write({ receivedUs: Date.now() * 1000, bytes: seen.encoded })
      }
      reporter.say(`Recorded ${recording.batches} batches, ${recording.bytes} bytes.`, {
        file,
        batches: recording.batches,
        bytes: recording.bytes,
      })
    })
}
