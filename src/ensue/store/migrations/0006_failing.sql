-- Failures in a row: of each trigger whose last try failed, how many, and when the first and the latest were.

CREATE TABLE failing (
    trigger TEXT PRIMARY KEY,
    count   INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    latest  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
