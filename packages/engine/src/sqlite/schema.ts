/** Raised with each change of the tables. A database of a newer version is refused. */
export const SCHEMA_VERSION = 3;

/** Statements that bring a database from the version before to each version. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT;
  INSERT INTO revision VALUES (1, 0);

  CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    standing TEXT NOT NULL,
    expires_at INTEGER,
    revision INTEGER NOT NULL,
    record TEXT NOT NULL -- JSON, without what is sealed
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credentials_by_account ON credentials (account_id, id);

  -- Everything encrypted, under the name that is its associated data.
  CREATE TABLE sealed (name TEXT PRIMARY KEY, kek TEXT NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX sealed_by_kek ON sealed (kek);

  -- Names of other systems, kept apart from ids of our own.
  CREATE TABLE lookups (name TEXT PRIMARY KEY, credential_id TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE usage (
    credential_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    last_used_ip TEXT,
    PRIMARY KEY (credential_id, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE answers (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_by_age ON answers (created_at);

  CREATE TABLE log (
    idx INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    credential_id TEXT,
    account_id TEXT,
    entry TEXT NOT NULL -- JSON, exactly as it was first written
  ) STRICT;
  CREATE INDEX log_by_credential ON log (credential_id, idx);
  CREATE INDEX log_by_account ON log (account_id, idx);
  CREATE TRIGGER log_is_append_only BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER log_is_kept BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

  CREATE TABLE nonces (expires_at INTEGER NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (expires_at, fingerprint))
    STRICT, WITHOUT ROWID;
  `,
  `
  -- Nonces that must rise, per credential and dialect, padded to 20 digits so that they sort as numbers.
  CREATE TABLE rising_nonces (series TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (series, value))
    STRICT, WITHOUT ROWID;
  `,
  `
  -- Accounts that differ from others: frozen ones, and those with quotas of their own. JSON.
  CREATE TABLE accounts (account_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- Environments that are frozen as a whole. JSON.
  CREATE TABLE freezes (environment TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- What allowed requests have taken of limits, so that it is known after a restart, and can be given back once.
  CREATE TABLE reservations (
    request_id TEXT PRIMARY KEY,
    credential_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    known_until INTEGER NOT NULL,
    amount TEXT NOT NULL, -- a whole number in units of 10^-30
    taken TEXT NOT NULL, -- JSON
    released_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX reservations_by_end ON reservations (known_until);

  -- What a credential was used for on a day (days since 1970). The day stands first, so that old ones go quickly.
  CREATE TABLE activity (
    day INTEGER NOT NULL,
    credential_id TEXT NOT NULL,
    was_denied INTEGER NOT NULL,
    permission TEXT NOT NULL,
    ip TEXT NOT NULL,
    instrument TEXT NOT NULL,
    requests INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (day, credential_id, was_denied, permission, ip, instrument)
  ) STRICT, WITHOUT ROWID;

  -- Changes are few among decisions, and are looked for by their type.
  CREATE INDEX log_by_type ON log (type, idx) WHERE type <> 'decision';

  -- Failed attempts, by whom they are counted.
  CREATE TABLE failures (source TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- When something is to be done with a credential by itself: a secret to be destroyed, a reminder, an expiry.
  ALTER TABLE credentials ADD COLUMN due_at INTEGER;
  CREATE INDEX credentials_by_due ON credentials (due_at) WHERE due_at IS NOT NULL;
  UPDATE credentials SET due_at = 0 WHERE standing <> 'revoked'; -- looked at once, to find out
  -- The policies of the manifest by which it was found out last.
  CREATE TABLE scheduled_under (only INTEGER PRIMARY KEY CHECK (only = 1), policies TEXT NOT NULL) STRICT;
  `,
];
