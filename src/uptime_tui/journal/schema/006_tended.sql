-- how far the time has come by which history grows old (journal/tending.py): Unix milliseconds
CREATE TABLE tended (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL);
