/** Makes a finding small: takes out ever smaller pieces as long as what is left is still the same finding. */
import type { Input } from './target.ts'

const joined = <In extends Input>(left: In, right: In): In =>
  (typeof left === 'string'
    ? left + (right as string)
    : new Uint8Array(Buffer.concat([left, right as Uint8Array]))) as In

/** `isSame` is asked `mostTries` times at most. */
export async function minimise<In extends Input>(
  input: In,
  isSame: (smaller: In) => boolean | Promise<boolean>,
  mostTries = 2000,
): Promise<In> {
  let best = input
  let tries = 0
  for (
    let size = Math.ceil(best.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.length && tries < mostTries;) {
      const smaller = joined(best.slice(0, at) as In, best.slice(at + size) as In)
      tries += 1
      if (await isSame(smaller)) best = smaller
      else at += size
    }
  }
  return best
}
