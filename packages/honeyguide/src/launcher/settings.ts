/**
 * What the daemons are told, from the configuration: SensorSettings and HubSettings with the paths as the
 * daemon sees them. Pure.
 */
import type { Config } from '@honeyguide/model/config'
import { sensitiveFiles } from '@honeyguide/model/sensitive-files'
import type { HubSettings, SensorSettings } from '@honeyguide/model/settings'

/** Paths as a daemon sees them. */
export interface DaemonPaths {
  readonly stateDir: string
  readonly uplinkSocket: string
  readonly apiSocket: string
  readonly observeSocket: string
  readonly objectDir: string
  readonly pinDir: string
  readonly pageDir: string
  readonly rulesDirs: readonly string[]
}

/** `probes` are all that there are: what `[all]` stands for; an empty list lets the sensor choose. */
export function sensorSettings(
  config: Config,
  paths: DaemonPaths,
  hostname: string,
): SensorSettings {
  const { sensor } = config
  return {
    stateDir: paths.stateDir,
    uplinkSocket: paths.uplinkSocket,
    observeSocket: paths.observeSocket,
    objectDir: paths.objectDir,
    pinDir: paths.pinDir,
    hostname: sensor.hostname === 'auto' ? hostname : sensor.hostname,
    labels: sensor.labels,
    spoolBytes: sensor.spoolBytes,
    rings: sensor.rings,
    batch: sensor.batch,
    cache: sensor.cache,
    redaction: sensor.redaction,
    provenance: sensor.provenance,
    dns: sensor.dns,
    probes: sensor.probes.includes('all') ? [] : sensor.probes,
    hooks: sensor.hooks,
    file: {
      ...sensor.file,
      sensitive: sensor.file.sensitive.flatMap((one) =>
        one === 'defaults' ? sensitiveFiles : [one],
      ),
    },
    logLevel: config.log,
  }
}

export function hubSettings(
  config: Config,
  paths: DaemonPaths,
  port: number,
  replay: HubSettings['replay'],
): HubSettings {
  const { hub } = config
  return {
    stateDir: paths.stateDir,
    uplinkSocket: paths.uplinkSocket,
    apiSocket: paths.apiSocket,
    listen: { host: hub.listen.host, port },
    hostNames: hub.hostNames,
    pageDir: paths.pageDir,
    rulesDirs: paths.rulesDirs,
    store: hub.store,
    audit: hub.audit,
    replay,
    logLevel: config.log,
  }
}
