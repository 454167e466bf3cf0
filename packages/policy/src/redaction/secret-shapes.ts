/**
 * What a secret looks like in an argument list. Every pattern is linear in the length of its input: a run
 * of characters is entered only at its beginning (look-behind), so that no character is read twice per
 * pattern; arguments come from attackers and may be 128 KiB long.
 */

/** Nothing is looked for in an argument list without one of these, in upper or lower case. */
export const hints: readonly string[] = [
  ...['pass', 'pwd', 'secret', 'token', 'key', 'auth', 'credential', 'cookie', '://'],
  ...[
    'akia',
    'asia',
    'ghp_',
    'gho_',
    'ghu_',
    'ghs_',
    'ghr_',
    'github_pat',
    'glpat-',
    'xox',
    'sk-',
    'eyj',
  ],
  ...['mysql', 'maria'],
]

/** The last word of the name of an option, a variable or a property whose value is a secret. */
export const secretName =
  /(?:^|[-_.])(?:[a-z0-9]*password|passwd|passphrase|pass|pwd|[a-z0-9]*secret|[a-z0-9]*token|api[-_]?key|apikey|access[-_]?key|secret[-_]?key|auth[-_]?key|account[-_]?key|credentials?)$/i

/** A header whose value is a secret, in an argument of its own or within one. */
export const secretHeader =
  /(?<![a-z0-9-])(?:proxy-)?authorization[ \t]*:[ \t]*|(?<![a-z0-9-])(?:x-api-key|x-auth-token|x-access-token|x-vault-token|private-token|job-token|set-cookie|cookie)[ \t]*:[ \t]*/gi

/** Tokens that tell by their shape what they are: AWS key ids, GitHub, GitLab, Slack, `sk-` keys, JSON Web Tokens. */
export const tokenShapes =
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|(?<![A-Za-z0-9_-])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)/g

/** Programs whose `-pSECRET` is a password. */
export const shortPasswordPrograms: ReadonlySet<string> = new Set([
  'mysql',
  'mysqladmin',
  'mysqlcheck',
  'mysqldump',
  'mysqlimport',
  'mysqlpump',
  'mysqlshow',
  'mysqlslap',
  'mariadb',
  'mariadb-admin',
  'mariadb-check',
  'mariadb-dump',
  'mariadb-import',
  'mariadb-show',
  'sshpass',
])

/** Of these also in an argument of its own: `-p SECRET`. */
export const separatePasswordPrograms: ReadonlySet<string> = new Set(['sshpass'])
