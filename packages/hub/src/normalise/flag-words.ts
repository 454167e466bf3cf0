/** Bits of the wire as the words that people read and rules match: `process_flags`, `connection_flags`. */
import { imageFlags, tcpFlags } from '@honeyguide/model'

const imageWords: Readonly<Record<keyof typeof imageFlags, string>> = {
  argvTruncated: 'argv truncated',
  argvUnreadable: 'argv unreadable',
  memfd: 'memfd',
  deleted: 'deleted',
  script: 'script',
  filePartial: 'path partial',
  cwdPartial: 'cwd partial',
  redacted: 'redacted',
  privilegesRaised: 'privileges raised',
  fromSnapshot: 'from snapshot',
  lineageIncomplete: 'lineage incomplete',
  lineageEvicted: 'lineage evicted',
  kernelThread: 'kernel thread',
  own: 'own',
}

const tcpWords: Readonly<Record<keyof typeof tcpFlags, string>> = {
  inherited: 'inherited',
  processUncertain: 'process uncertain',
  reset: 'reset',
  unsent: 'unsent',
  own: 'own',
}

/** A function from bits to words joined by commas, remembering what it made: few combinations ever occur. */
function wordMaker<Name extends string>(
  bits: Readonly<Record<Name, number>>,
  words: Readonly<Record<Name, string>>,
): (flags: number) => string {
  const pairs = (Object.keys(words) as Name[]).map((name) => [bits[name], words[name]] as const)
  const known = new Map<number, string>()
  return (flags) => {
    let text = known.get(flags)
    if (text === undefined) {
      text = pairs
        .filter(([bit]) => (flags & bit) !== 0)
        .map(([, word]) => word)
        .join(', ')
      // Bits that no version of ours sets would grow it without bound.
      if (known.size < 4096) known.set(flags, text)
    }
    return text
  }
}

export const imageFlagWords = wordMaker(imageFlags, imageWords)
export const tcpFlagWords = wordMaker(tcpFlags, tcpWords)
