/** One target in a thread of its own: the input at work lies in shared memory, so that it is known if this thread dies. */
import { parentPort, workerData } from 'node:worker_threads'
import { readCorpus } from './corpus.ts'
import { fuzz } from './fuzz.ts'
import { inputBox } from './input-box.ts'
import type { FuzzTarget } from './target.ts'

export interface WorkerData {
  readonly file: string
  readonly runs: number
  readonly seed: number
  readonly shared: SharedArrayBuffer
  readonly corpusFolder: string
}

const { file, runs, seed, shared, corpusFolder } = workerData as WorkerData
const { target } = (await import(file)) as { target: FuzzTarget }
const box = inputBox(shared)
parentPort?.postMessage(
  await fuzz(target, {
    runs,
    seed,
    corpus: readCorpus(target.name, corpusFolder),
    onInput: (input) => box.put(input),
  }),
)
// Threads of a database would keep this one.
process.exit()
