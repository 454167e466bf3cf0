/** Steps from an empty state file to today's, in order. A step that has been released is never changed. */

export interface StateMigration {
  readonly what: string
  readonly sql: string
}

export const stateMigrations: readonly StateMigration[] = [
  {
    what: 'the audit log; sign-in, sessions and incidents make their own tables',
    sql: `CREATE TABLE audit (
      no INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,
      who TEXT NOT NULL,
      act TEXT NOT NULL,
      subject TEXT NOT NULL,
      detail TEXT NOT NULL,
      hash TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;`,
  },
]
