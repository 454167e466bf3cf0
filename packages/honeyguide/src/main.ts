/** Entry of the command line: `bin/honeyguide` runs this file with the pinned Node.js. */
import { runProgram } from './program.ts'

await runProgram(process.argv.slice(2))
