-- Moves tasks or steps to another state: one statement that checks the current
-- state and the guard as it writes.
--
-- The audit row that is most recent is locked, in the order of the ids, and
-- looked at again after waiting: whoever comes second finds it no longer most
-- recent and writes nothing. Without any row yet there is nothing to lock; there
-- the unique index on (id, most_recent) decides, and ON CONFLICT turns the lost
-- race into an empty answer instead of an error that would abort the caller's
-- transaction. The object's row gets the lock of the foreign key before the audit row
-- is inserted and not after it: finish_and_claim.sql passes by where it is held.
--
-- $1 ids, $2 the states from which the target may be reached, $3 the target,
-- $4 metadata, $5 the time to write, null for the database's own.
WITH seen AS MATERIALIZED (
  SELECT object.{{id}} AS id, audit.id AS row_id, {{state}} AS state, {{guard}} AS guard
  FROM {{objects}} object
  LEFT JOIN {{transitions}} audit ON audit.{{id}} = object.{{id}} AND audit.most_recent
  WHERE object.{{id}} = ANY ((SELECT $1)::bigint[])
), open AS MATERIALIZED (
  SELECT id, row_id FROM seen WHERE guard AND state = ANY ((SELECT $2)::text[])
), locked AS MATERIALIZED (
  SELECT audit.id AS row_id FROM {{transitions}} audit
  JOIN open ON open.row_id = audit.id
  WHERE audit.most_recent
  ORDER BY audit.{{id}}
  FOR UPDATE OF audit
), unmoved AS MATERIALIZED (
  SELECT object.{{id}} AS id FROM {{objects}} object
  JOIN open ON open.id = object.{{id}} AND open.row_id IS NULL
  ORDER BY object.{{id}}
  FOR KEY SHARE OF object
), cleared AS (
  UPDATE {{transitions}} audit
  SET most_recent = false, updated_at = coalesce($5::timestamp, LOCALTIMESTAMP)
  FROM locked WHERE audit.id = locked.row_id
  RETURNING audit.{{id}} AS id
), inserted AS (
  INSERT INTO {{transitions}} ({{id}}, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT source.id, $3::text,
    (SELECT coalesce(max(sort_key), 0) + {{increment}} FROM {{transitions}} WHERE {{id}} = source.id),
    true, $4::jsonb, coalesce($5::timestamp, LOCALTIMESTAMP), coalesce($5::timestamp, LOCALTIMESTAMP)
  FROM (SELECT id FROM cleared UNION ALL SELECT id FROM unmoved) AS source
  ORDER BY source.id
  ON CONFLICT DO NOTHING
  RETURNING {{id}} AS id, id AS row_id, sort_key
)
SELECT ARRAY[array_agg(seen.id ORDER BY seen.id)::text, array_agg(seen.state ORDER BY seen.id)::text,
  array_agg(seen.guard::int ORDER BY seen.id)::text,
  array_agg(inserted.row_id ORDER BY seen.id)::text, array_agg(inserted.sort_key ORDER BY seen.id)::text,
  (SELECT count(*) FROM cleared WHERE id NOT IN (SELECT id FROM inserted))::text]::text
FROM seen LEFT JOIN inserted ON inserted.id = seen.id
