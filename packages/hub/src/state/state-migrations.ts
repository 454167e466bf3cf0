/** Steps from an empty state file to today's, in order. A step that has been released is never changed. */

export interface StateMigration {
  readonly what: string
  readonly sql: string
}

export const stateMigrations: readonly StateMigration[] = [
  {
    what: 'the audit log, sign-in links and sessions (by hash), incidents and what people say of them',
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
    CREATE TRIGGER audit_keeps_all BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
    CREATE TABLE IF NOT EXISTS sign_in_link (hash TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS session (hash TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS incident (
      uid TEXT PRIMARY KEY,
      merged_into TEXT,
      last_time TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS incident_people (
      uid TEXT PRIMARY KEY,
      status TEXT NOT NULL,
      assignee TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS incident_note (
      uid TEXT NOT NULL,
      time TEXT NOT NULL,
      user TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS incident_note_uid ON incident_note (uid);`,
  },
  {
    what: 'the oldest entries of the audit log may go; the last one that went is kept by number and hash',
    sql: `CREATE TABLE audit_begin (no INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    INSERT INTO audit_begin VALUES (0, '${'0'.repeat(64)}');
    CREATE TRIGGER audit_begins_once BEFORE INSERT ON audit_begin BEGIN SELECT raise(ABORT, 'the audit log begins once'); END;
    CREATE TRIGGER audit_begins_later BEFORE UPDATE ON audit_begin WHEN new.no <= old.no OR new.hash IS NOT (SELECT hash FROM audit WHERE no = new.no)
      BEGIN SELECT raise(ABORT, 'the audit log begins at an entry of it, later each time'); END;
    CREATE TRIGGER audit_keeps_its_begin BEFORE DELETE ON audit_begin BEGIN SELECT raise(ABORT, 'the audit log has a begin'); END;
    DROP TRIGGER audit_keeps_all;
    CREATE TRIGGER audit_keeps_what_follows BEFORE DELETE ON audit WHEN old.no > (SELECT no FROM audit_begin)
      BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;`,
  },
]
