-- Threads: which events stand in the feed, and how each thread stands. Flag 4: not in the feed, being another's child or
-- the platform's own. Such events are not in the index of the feed, so they cost nothing to whoever looks at it.

CREATE TABLE thread (
    context TEXT NOT NULL,
    project TEXT NOT NULL,
    root    INTEGER, -- the cursor of its root
    started INTEGER NOT NULL,
    others  INTEGER NOT NULL, -- events besides the root
    oldest  INTEGER NOT NULL, -- no event of it has a lower cursor than this, nor a higher one than that
    newest  INTEGER NOT NULL,
    PRIMARY KEY (context, project)
) STRICT, WITHOUT ROWID;

-- What is kept already: the root is the first that said so, else the first.
INSERT INTO thread
SELECT context, project, coalesce(min(iif(starts, cursor, NULL)), min(iif(own, NULL, cursor))),
       coalesce(max(starts), 0), count(*) - (count(*) > sum(own)), min(cursor), max(cursor)
FROM (
    SELECT context, project, cursor, own, NOT own AND iif(json_valid(text), json_extract(text, '$.context.start'), 0) IS 1 AS starts
    FROM (
        SELECT context, project, cursor, substr(type, 1, 6) = 'ensue.' AS own, CAST(body AS TEXT) AS text
        FROM event WHERE context IS NOT NULL
    )
)
GROUP BY project, context;

UPDATE event SET flags = flags | 4
WHERE substr(type, 1, 6) = 'ensue.' OR (
    context IS NOT NULL
    AND cursor IS NOT (SELECT root FROM thread t WHERE t.context = event.context AND t.project = event.project)
);

DROP INDEX event_test;
CREATE INDEX event_test ON event (project) WHERE flags & 1;
CREATE INDEX event_feed ON event (project) WHERE flags < 4;
