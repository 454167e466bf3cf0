export {
  createLogger,
  logLevels,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './log.ts'
