/** Entry of the command line: `bin/honeyguide` runs this file with the pinned Node.js. */
import { runProgram } from './program.ts'

// A reader that went away (`| head`) ends a command the way SIGTERM does: what must be cleaned up is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM')
  else process.exit(141)
})
process.stderr.on('error', () => undefined)

await runProgram(process.argv.slice(2))
