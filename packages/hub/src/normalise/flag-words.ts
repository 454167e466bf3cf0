/** Bits of the wire as the words that people read and rules match: `process_flags`, `connection_flags` ... */
import {
  credFlags,
  dnsFlags,
  fileFlags,
  imageFlags,
  ioUringFlags,
  memoryFlags,
  tcpFlags,
  udpFlags,
} from '@honeyguide/model'

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
  unexplainedUid: 'user id unexplained',
}

const tcpWords: Readonly<Record<keyof typeof tcpFlags, string>> = {
  inherited: 'inherited',
  processUncertain: 'process uncertain',
  reset: 'reset',
  unsent: 'unsent',
  own: 'own',
}

const udpWords: Readonly<Record<keyof typeof udpFlags, string>> = {
  inherited: 'inherited',
  processUncertain: 'process uncertain',
  idle: 'idle',
  incoming: 'incoming',
  shared: 'shared',
  raw: 'raw',
  lite: 'UDP-Lite',
}

const dnsWords: Readonly<Record<keyof typeof dnsFlags, string>> = {
  inherited: 'inherited',
  unasked: 'unasked',
  cut: 'cut',
  malformed: 'malformed',
  multicast: 'multicast',
  edns: 'edns',
  moreAnswers: 'more answers',
  moreQuestions: 'more questions',
}

const fileWords: Readonly<Record<keyof typeof fileFlags, string>> = {
  asTyped: 'as typed',
  pathPartial: 'path partial',
  secondPartial: 'second path partial',
  unreadable: 'unreadable',
  truncated: 'truncated',
  directory: 'directory',
  sensitive: 'sensitive',
  deleted: 'deleted',
  repeats: 'repeats',
  exchanged: 'exchanged',
}

const credWords: Readonly<Record<keyof typeof credFlags, string>> = {
  beforeKnown: 'before known',
  beforeRemembered: 'before remembered',
  textTruncated: 'text truncated',
  textUnreadable: 'text unreadable',
  pathPartial: 'path partial',
  refused: 'refused',
  unexplainedUid: 'unexplained uid',
}

const ioUringWords: Readonly<Record<keyof typeof ioUringFlags, string>> = {
  fixedFile: 'fixed file',
  submissionThread: 'submission thread',
  pathUnknown: 'path unknown',
  compat: 'compat',
  repeats: 'repeats',
}

const memoryWords: Readonly<Record<keyof typeof memoryFlags, string>> = {
  wasWritten: 'was written',
  stack: 'stack',
  heap: 'heap',
  textTruncated: 'text truncated',
  pathPartial: 'path partial',
  unseen: 'unseen',
}

/** Bits with their words, in the order in which they are told. */
function wordBits<Name extends string>(
  bits: Readonly<Record<Name, number>>,
  words: Readonly<Record<Name, string>>,
): readonly (readonly [bit: number, word: string])[] {
  return (Object.keys(words) as Name[]).map((name) => [bits[name], words[name]] as const)
}

/** A function from bits to words joined by commas, remembering what it made: few combinations ever occur. */
export function wordMaker<Name extends string>(
  bits: Readonly<Record<Name, number>>,
  words: Readonly<Record<Name, string>>,
): (flags: number) => string {
  const pairs = wordBits(bits, words)
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
export const udpFlagWords = wordMaker(udpFlags, udpWords)
export const dnsFlagWords = wordMaker(dnsFlags, dnsWords)
export const fileFlagWords = wordMaker(fileFlags, fileWords)
export const credFlagWords = wordMaker(credFlags, credWords)
export const ioUringFlagWords = wordMaker(ioUringFlags, ioUringWords)
export const memoryFlagWords = wordMaker(memoryFlags, memoryWords)

/** The same for the store, which writes them in SQL: a view and the live stream must say one thing. */
export const fileFlagBits = wordBits(fileFlags, fileWords)
export const tcpFlagBits = wordBits(tcpFlags, tcpWords)
export const udpFlagBits = wordBits(udpFlags, udpWords)
export const dnsFlagBits = wordBits(dnsFlags, dnsWords)
export const credFlagBits = wordBits(credFlags, credWords)
export const ioUringFlagBits = wordBits(ioUringFlags, ioUringWords)
export const memoryFlagBits = wordBits(memoryFlags, memoryWords)
