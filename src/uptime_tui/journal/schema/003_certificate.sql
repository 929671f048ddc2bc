-- what the server of a monitor showed last, and what else it showed lately (model/succession.py, Shown)
CREATE TABLE certificate (monitor INTEGER PRIMARY KEY, data BLOB NOT NULL);
