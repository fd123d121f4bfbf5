-- How many deliveries ended in an hour (of UTC, since the epoch), by trigger and by how.

CREATE TABLE ended (
    project TEXT NOT NULL,
    hour    INTEGER NOT NULL,
    trigger TEXT NOT NULL, -- empty: none
    result  TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (project, hour, trigger, result)
) STRICT, WITHOUT ROWID;

INSERT INTO ended
SELECT project, ended_at / 3600000, coalesce(trigger, ''),
       CASE state WHEN 1 THEN iif(tries > 1, 'delivered_after_retries', 'delivered') WHEN 2 THEN 'dead' ELSE 'cancelled' END,
       count(*)
FROM delivery WHERE state > 0 AND kind <> 'event' AND ended_at IS NOT NULL
GROUP BY 1, 2, 3, 4;
