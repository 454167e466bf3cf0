/** Secrets that open the page: made here, kept only as hashes. */
import { createHash, randomBytes } from 'node:crypto'

/** 192 random bits; `prefix` says what it is to a person who finds one. */
export function makeToken(prefix: 'hg1' | 'hgs'): string {
  return `${prefix}_${randomBytes(24).toString('base64url')}`
}

/** What is stored. The token is random, so a plain hash cannot be guessed back. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
