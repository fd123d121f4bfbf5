-- Threads: which events stand in the feed, and how each thread stands. Flag 4: not in the feed, being another's child or
-- the platform's own. An event that keeps the index of the feed small costs nothing to whoever looks at the feed.

CREATE TABLE thread (
    context TEXT NOT NULL,
    project TEXT NOT NULL,
    root    INTEGER, -- the cursor of its root
    started INTEGER NOT NULL,
    others  INTEGER NOT NULL, -- events besides the root
    PRIMARY KEY (context, project)
) STRICT, WITHOUT ROWID;

DROP INDEX event_context;
DROP INDEX event_test;
CREATE INDEX event_context ON event (project, context) WHERE context IS NOT NULL;

-- What is kept already: the root is the first that said so, else the first.
INSERT INTO thread
SELECT context, project, coalesce(min(iif(starts, cursor, NULL)), min(iif(own, NULL, cursor))),
       coalesce(max(starts), 0), count(*) - (count(*) > sum(own))
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

CREATE INDEX event_test ON event (project) WHERE flags & 1;
CREATE INDEX event_feed ON event (project) WHERE flags < 4;
