export * from './incident.ts'
export * from './left-out.ts'
