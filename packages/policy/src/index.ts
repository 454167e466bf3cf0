/** What may leave a host. */
export { createRedactor, type Redactor, type RedactorOptions } from './redaction/redact.ts'
