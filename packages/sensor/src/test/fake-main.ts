/** `main.ts` with the fake kernel: for tests that kill a real process, and for measuring its memory. */
import { runDaemon } from '../daemon.ts'

await runDaemon(new URL('./fake-kernel.ts', import.meta.url))
