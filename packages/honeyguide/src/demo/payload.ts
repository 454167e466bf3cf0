/**
 * What a chain downloads and runs: harmless by construction. It connects to one loopback port a bounded number
 * of times, says a line, reads a line, waits, and ends.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { which } from './tools.ts'

export type PayloadKind = 'script' | 'bash' | 'perl'

export interface CallBack {
  readonly port: number
  /** Pause before each connection, s. */
  readonly pauses: readonly number[]
}

function bashLoop({ port, pauses }: CallBack): string {
  return `for pause in ${pauses.map((one) => one.toFixed(2)).join(' ')}; do sleep "$pause"; if exec 3<>/dev/tcp/127.0.0.1/${port}; then echo hello >&3; read -rt 2 answer <&3; exec 3>&-; fi; done 2>/dev/null`
}

function perlLoop({ port, pauses }: CallBack): string {
  return `use IO::Socket::INET; for my $pause (${pauses.map((one) => one.toFixed(2)).join(',')}) { select(undef, undef, undef, $pause); my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => ${port}, Timeout => 2) or next; print $s "hello\\n"; my $line = <$s>; close $s; }`
}

/** Bytes of the file that is downloaded. */
export function payloadBytes(kind: PayloadKind, callBack: CallBack): Uint8Array {
  if (kind === 'script') return Buffer.from(`#!/bin/bash\n${bashLoop(callBack)}\n`)
  const program = which(kind)
  if (program === undefined) throw new Error(`there is no ${kind} here`)
  return readFileSync(realpathSync(program))
}

/** Arguments that the downloaded file is run with. */
export function payloadArguments(kind: PayloadKind, callBack: CallBack): string[] {
  if (kind === 'script') return []
  return kind === 'bash' ? ['-c', bashLoop(callBack)] : ['-e', perlLoop(callBack)]
}

/** Single quotes around a word for a POSIX shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
