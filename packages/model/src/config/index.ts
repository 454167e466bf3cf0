export {
  parseBoundedYaml,
  yamlLimits,
  type BoundedYaml,
  type Place,
  type TextFault,
} from './bounded-yaml.ts'
export { formatBytes, parseBytes } from './quantity.ts'
export { configReference } from './reference.ts'
export {
  configError,
  resolveConfig,
  type ConfigFault,
  type ConfigSources,
  type Origin,
  type ResolvedConfig,
} from './resolve.ts'
export { configSchema, type Config } from './schema.ts'
export { settings, type Setting } from './setting.ts'
