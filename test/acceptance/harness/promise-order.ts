/** The order in which promises are listed and shown: that in which they were made. Others come last, by id. */
export const promiseOrder: readonly string[] = [
  ...['install', 'install-test'],
  ...['processes', 'ancestry'],
  ...['latency-page', 'latency-observe', 'live-smooth'],
  ...['overload-connects', 'overload-forks', 'file-burst', 'stopped-sensor'],
  'kills',
  ...['demo-attack', 'demo-two', 'demo-manifest', 'demo-benign'],
  'replay',
  ...['cost-exec', 'cost-kernel', 'memory'],
  'privileges',
  'hostile-sql',
  ...['bad-input', 'fuzz', 'full-disk'],
  'clean',
  'page-matrix',
  ...['cost-all', 'cost-open-filtered', 'cost-open-reported', 'cost-syscall', 'cost-round-trip'],
  ...['cost-connect', 'cost-dns', 'guest-cost'],
  ...['long-argv', 'file-chain', 'idle'],
]
