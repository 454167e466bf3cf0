/**
 * What every command starts from: the configuration with its origins, the layout of the code, the instance.
 *
 * The options that all commands share are declared here once.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HoneyguideError } from '@honeyguide/model/errors'
import { configError, resolveConfig, type ResolvedConfig } from '@honeyguide/model/config'
import type { Command } from 'commander'
import { createHubClient, type HubClient } from '../hub-client/hub-client.ts'
import { appLayout, defaultStateDir, instanceOf, type AppLayout, type Instance } from '../place.ts'

export interface SharedOptions {
  readonly config?: string
  readonly state?: string
  readonly set?: readonly string[]
  readonly json?: boolean
}

export interface Context {
  readonly layout: AppLayout
  readonly resolved: ResolvedConfig
  /** The file that was read; undefined when there is none. */
  readonly configFile: string | undefined
  readonly instance: Instance
}

const defaultConfigFile = '/etc/honeyguide/honeyguide.yaml'

/** Adds the options that every command has. */
export function withShared(command: Command): Command {
  return command
    .option(
      '-c, --config <file>',
      `configuration file (default: ${defaultConfigFile} where it exists)`,
    )
    .option('-s, --state <folder>', 'folder of the instance that is meant')
    .option(
      '--set <name=value>',
      'one setting, for example --set hub.listen.port=8080; may be repeated',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--json', 'output for programs')
}

function readConfigFile(named: string | undefined): { path: string; text: string } | undefined {
  const path = resolve(named ?? defaultConfigFile)
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (named === undefined && isMissing) return undefined
    throw new HoneyguideError(
      'HG_CONFIG_INVALID',
      `${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    )
  }
}

/** Resolves everything; `more` are flags of one command that stand for settings. Throws HG_CONFIG_INVALID. */
export function createContext(
  options: SharedOptions,
  more: readonly { readonly name: string; readonly value: string; readonly flag: string }[] = [],
): Context {
  const file = readConfigFile(options.config ?? process.env['HONEYGUIDE_CONFIG'])
  const sets = (options.set ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at < 0)
      throw new HoneyguideError('HG_USAGE', `--set ${text} has no value; write --set name=value.`)
    return {
      name: text.slice(0, at).trim(),
      value: text.slice(at + 1),
      flag: `--set ${text.slice(0, at)}`,
    }
  })
  const state =
    options.state === undefined ? [] : [{ name: 'state', value: options.state, flag: '--state' }]
  const resolved = resolveConfig({
    ...(file ? { file } : {}),
    environment: process.env,
    flags: [...sets, ...state, ...more],
  })
  if (!('config' in resolved)) throw configError(resolved)
  const layout = appLayout()
  const wanted = resolved.config.state
  return {
    layout,
    resolved,
    configFile: file?.path,
    instance: instanceOf(wanted === 'auto' ? defaultStateDir(layout) : resolve(wanted)),
  }
}

/** The hub of the instance. */
export function hubOf(context: Context, timeoutMs?: number): HubClient {
  return createHubClient(context.instance.apiSocket, timeoutMs)
}
