-- the first diagnosis of an incident stays as it was, the newest one beside it
CREATE TABLE kept (
    incident INTEGER NOT NULL, monitor INTEGER NOT NULL, at_ms INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (incident, at_ms)
);
INSERT INTO kept (incident, monitor, at_ms, data) SELECT incident, monitor, at_ms, data FROM diagnosis;
DROP TABLE diagnosis;
ALTER TABLE kept RENAME TO diagnosis;
CREATE INDEX diagnosis_of_monitor ON diagnosis (monitor, at_ms);
