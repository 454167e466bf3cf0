/** `main.ts --settings FILE`: the sensor daemon, with the real kernel side. */
import { runDaemon } from './daemon.ts'

await runDaemon(new URL('./kernel/pump-kernel.ts', import.meta.url))
