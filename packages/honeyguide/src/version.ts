/** The version of Honeyguide: one for the whole repository. A test compares it with package.json. */
export const version = '0.1.0'
