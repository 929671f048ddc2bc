-- Keys of results and rollups are one integer each, so that every table is one B-tree in the order it is read.
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- k = Unix milliseconds << 20 | monitor; v = microseconds of the whole probe << 8 | failure number (0: none)
CREATE TABLE result (k INTEGER PRIMARY KEY, v INTEGER NOT NULL);

-- k = monitor << 24 | hour since 1970; data = records of 9 bytes (journal/pack.py)
CREATE TABLE block (k INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- k as in block; counts of probes by what they said, sum of the microseconds of the successful ones
CREATE TABLE rollup (
    k INTEGER PRIMARY KEY, good INTEGER NOT NULL, degraded INTEGER NOT NULL, down INTEGER NOT NULL,
    ours INTEGER NOT NULL, sum_us INTEGER NOT NULL, max_us INTEGER NOT NULL
);

-- k = monitor << 24 | day since 1970
CREATE TABLE daily (
    k INTEGER PRIMARY KEY, good INTEGER NOT NULL, degraded INTEGER NOT NULL, down INTEGER NOT NULL,
    ours INTEGER NOT NULL, sum_us INTEGER NOT NULL, max_us INTEGER NOT NULL
);

CREATE TABLE state (monitor INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE newest (monitor INTEGER PRIMARY KEY, data BLOB);
CREATE TABLE failed (monitor INTEGER PRIMARY KEY, data BLOB);

-- k = monitor << 44 | Unix milliseconds: events of one monitor stand together, in order
CREATE TABLE event (k INTEGER PRIMARY KEY, data BLOB NOT NULL);

CREATE TABLE incident (
    id INTEGER PRIMARY KEY, monitor INTEGER NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER, data BLOB NOT NULL
);
CREATE INDEX incident_of_monitor ON incident (monitor, opened_ms);
CREATE INDEX incident_open ON incident (closed_ms) WHERE closed_ms IS NULL;
