-- servers that are to be left alone: caller = user@host:port, until_ms = Unix milliseconds
CREATE TABLE rest (caller TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, data BLOB NOT NULL);
