-- Replays: their deliveries by name, and those that did not arrive by state. Both hold rows of replays only.

CREATE INDEX delivery_replay ON delivery (replay) WHERE replay IS NOT NULL;
CREATE INDEX delivery_replaying ON delivery (replay, state) WHERE replay IS NOT NULL AND state <> 1;
