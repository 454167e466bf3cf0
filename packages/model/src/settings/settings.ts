/**
 * What the launcher hands to each daemon, resolved: a JSON file named by `--settings`. People write
 * `honeyguide.yaml`; only the launcher reads that. Paths are absolute, sizes in bytes, times in ms.
 */

/** What the file probe reports. Paths are seen from the root of whoever acts. */
export interface FileSettings {
  /** Folders: when there are any, only what lies below them. */
  readonly watch: readonly string[]
  /** Folders: what lies below them is not reported. */
  readonly ignore: readonly string[]
  /** Reported whatever the folder, and also when only read: whole paths, ends of paths, folders with a slash at the end. */
  readonly sensitive: readonly string[]
  /** Paths of cgroups, as `watch` and `ignore`; the innermost one that is named decides. */
  readonly watchWorkloads: readonly string[]
  readonly ignoreWorkloads: readonly string[]
}

/** For `packages/sensor/src/main.ts`. */
export interface SensorSettings {
  /** Folder of the sensor's own state (id, run counter, spool), 0700. */
  readonly stateDir: string
  /** Unix socket of the hub; the sensor connects and keeps trying. */
  readonly uplinkSocket: string
  /** Unix socket that the sensor serves to observers, made in a 0750 folder. */
  readonly observeSocket: string
  /** Folder with the built *.bpf.o files. */
  readonly objectDir: string
  /** Folder on a bpffs that the sensor may write; made and chowned by the launcher. */
  readonly pinDir: string
  readonly hostname: string
  readonly labels: Readonly<Record<string, string>>
  /** Most bytes of batches kept on disk while the hub is away. */
  readonly spoolBytes: number
  readonly rings: { readonly lifecycleBytes: number; readonly dataBytes: number }
  readonly batch: {
    readonly events: number
    readonly delayMs: number
    readonly quietMs: number
    readonly bytes: number
  }
  readonly cache: { readonly processes: number; readonly exitedMs: number }
  readonly redaction: { readonly enabled: boolean; readonly patterns: readonly string[] }
  readonly provenance: {
    readonly enabled: boolean
    /** Longest file whose content is read. */
    readonly maxFileBytes: number
    /** Share of one core, 0.1 to 100. */
    readonly cpuPercent: number
  }
  /** Ports on which DNS is spoken, over UDP and TCP. */
  readonly dns: { readonly ports: readonly number[] }
  /** Probes to run, by name; all by default. */
  readonly probes: readonly string[]
  /** `syscalls`: the exits of system calls, where the kernel has better hooks, too. */
  readonly hooks: 'auto' | 'syscalls'
  readonly file: FileSettings
  /** Own processes that run already (the launcher, the hub): they and their children to come are counted, not reported. The sensor adds itself, unless this is empty. */
  readonly ownPids?: readonly number[]
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** For `packages/hub/src/main.ts`. */
export interface HubSettings {
  /** Folder of the hub's own state (spool, DuckDB, SQLite, FORMAT), 0700. */
  readonly stateDir: string
  /** Unix socket that sensors connect to. */
  readonly uplinkSocket: string
  /** Unix socket for the command line: the page's API without a session. */
  readonly apiSocket: string
  /** Where the page is served; `port` 0 takes any. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Names that the Host header may have beside loopback names. */
  readonly hostNames: readonly string[]
  /** Folder of the built page. */
  readonly pageDir: string
  /** Folders of Sigma rules. */
  readonly rulesDirs: readonly string[]
  readonly store: {
    /** Ceiling of the store's data segment (prlimit --data), bytes. */
    readonly processBytes: number
    /** DuckDB's own memory_limit, bytes. */
    readonly memoryBytes: number
    /** Most bytes that spool and store may take on disk together; the oldest hours go first, counted. */
    readonly capBytes: number
    /** Adapter. */
    readonly kind: 'duckdb' | 'memory'
  }
  /** How long and how much of what people did is kept. */
  readonly audit: {
    readonly keepDays: number
    /** Bytes. */
    readonly bytes: number
  }
  /** A recording to replay instead of listening for sensors (`--demo`). */
  readonly replay: {
    readonly file: string
    /** Times as fast as it was recorded; 0 for at once. */
    readonly speed: number
    /** The end that plays at its own pace whatever the speed, so that there is something to watch, ms. */
    readonly liveMs: number
    readonly label: string
  } | null
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** First line on stdout of a daemon that is ready, as JSON. */
export interface ReadyLine {
  readonly ready: true
  readonly component: 'sensor' | 'hub' | 'store'
  /** hub: the address that the page is served at. */
  readonly address?: string
  readonly pid: number
}
