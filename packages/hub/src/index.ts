/** What other packages may use of the hub: recordings. The hub itself is a process, `src/main.ts`. */
export * from './replay/index.ts'
