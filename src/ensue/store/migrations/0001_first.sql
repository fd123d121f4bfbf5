-- The first schema. Times are milliseconds UTC. What is kept of an event beside its body is kept for filters.
-- Indexes that are not in the order of time begin with a bucket of 16,384 rows: what they touch is then always recent.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    cursor      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL,
    project     TEXT NOT NULL,
    type        TEXT NOT NULL,
    subject     TEXT,
    category    TEXT,
    context     TEXT,
    tenant      TEXT,
    flags       INTEGER NOT NULL, -- 1: test, 2: muted
    time        INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_id ON event (id);
CREATE INDEX event_type ON event (cursor >> 14, project, type);
CREATE INDEX event_subject ON event (cursor >> 14, project, subject) WHERE subject IS NOT NULL;
CREATE INDEX event_category ON event (cursor >> 14, project, category) WHERE category IS NOT NULL;
CREATE INDEX event_context ON event (cursor >> 14, project, context) WHERE context IS NOT NULL;
CREATE INDEX event_tenant ON event (cursor >> 14, project, tenant) WHERE tenant IS NOT NULL;
CREATE INDEX event_test ON event (project, cursor) WHERE flags IN (1, 3);

CREATE TABLE delivery (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL,
    project       TEXT NOT NULL,
    event_id      TEXT NOT NULL,
    lane          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    trigger       TEXT,
    state         INTEGER NOT NULL, -- 0 pending, 1 delivered, 2 dead, 3 cancelled
    claim         INTEGER NOT NULL,
    lost          INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    allowed       INTEGER,
    claimed_until INTEGER,
    ended_at      INTEGER,
    reason        TEXT,
    replay        TEXT
) STRICT;
CREATE UNIQUE INDEX delivery_id ON delivery (id);
CREATE INDEX delivery_pending ON delivery (lane, due_at, claimed_until) WHERE state = 0;
CREATE INDEX delivery_event ON delivery (event_id);
CREATE INDEX delivery_trigger ON delivery (number >> 14, trigger) WHERE trigger IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (project) WHERE state = 2;
CREATE INDEX delivery_cancelled ON delivery (project) WHERE state = 3;

-- The event of a delivery that will emit it, and the promises to free when it is cancelled.
CREATE TABLE staged (
    delivery INTEGER PRIMARY KEY,
    payload  BLOB NOT NULL,
    promises BLOB NOT NULL -- each key after its length in two bytes
) STRICT;

CREATE TABLE attempt (
    delivery   INTEGER NOT NULL,
    claim      INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    late       INTEGER NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (delivery, claim, started_at, late)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    kind     TEXT NOT NULL,
    project  TEXT NOT NULL,
    id       TEXT NOT NULL,
    alias    TEXT,
    revision INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    body     BLOB NOT NULL, -- empty: the mark of a deleted rule
    PRIMARY KEY (kind, project, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX document_alias ON document (kind, alias) WHERE alias IS NOT NULL;
CREATE INDEX document_newest ON document (kind, id);
CREATE INDEX document_change ON document (change) WHERE change > 0;

-- The newest promises, in the order in which they came; older ones stand by key in tables of twelve hours each, which
-- the store makes and drops by itself.
CREATE TABLE promised_0 (
    number   INTEGER PRIMARY KEY,
    key      BLOB NOT NULL,
    event_id TEXT NOT NULL,
    body     BLOB NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE TABLE promised_1 (
    number   INTEGER PRIMARY KEY,
    key      BLOB NOT NULL,
    event_id TEXT NOT NULL,
    body     BLOB NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
