/** Probes of process life, and the connections that are told with it: what the promises about lives measure. */
export const lifecycleProbes: readonly string[] = ['exec', 'exec_failed', 'fork', 'exit', 'tcp']
