-- why an incident's monitor failed (model/diagnosis.py), deflated; the newest one of each incident
CREATE TABLE diagnosis (
    incident INTEGER PRIMARY KEY, monitor INTEGER NOT NULL, at_ms INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX diagnosis_of_monitor ON diagnosis (monitor, at_ms);

-- what the addresses of a monitor's name said lately (engine/backends.py)
CREATE TABLE backends (monitor INTEGER PRIMARY KEY, data BLOB NOT NULL);
