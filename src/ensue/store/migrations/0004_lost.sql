-- Events that left the log, until the views that follow it have forgotten them too.

CREATE TABLE lost (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    cursor  INTEGER NOT NULL,
    project TEXT NOT NULL,
    body    BLOB NOT NULL
) STRICT;
