/** What a gap of a hook could hide, and what it could not: the sentence beside every gap. */
const sentences: Readonly<Record<string, string>> = {
  exec: 'It may hide programs that were started; it cannot hide connections.',
  exec_failed: 'It may hide attempts to start a program that failed; it cannot hide one that ran.',
  fork: 'It may hide processes that never started a program; it cannot hide a program start.',
  exit: 'It may hide when and how processes ended; it cannot hide that they ran.',
  tcp: 'It may hide connections; it cannot hide a process start.',
  file: 'It may hide what was done to files; it cannot hide a program start.',
  cred: 'It may hide changes of rights, mounts and namespaces; it cannot hide a program start.',
  memory: 'It may hide memory that became code; it cannot hide a program start.',
  dns: 'It may hide names that were asked for; it cannot hide connections over TCP.',
  udp: 'It may hide flows over UDP; it cannot hide connections over TCP.',
  io_uring: 'It may hide requests through io_uring; it cannot hide system calls.',
  batch: 'It may hide anything that happened in it.',
}

export function mayHide(hook: string): string {
  return sentences[hook] ?? `It may hide what the hook ${hook} sees.`
}
