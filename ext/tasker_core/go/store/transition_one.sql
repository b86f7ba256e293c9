-- transition.sql for one task or step. Its audit row needs no lock before it is cleared:
-- who waited for another writer looks again whether the row is still most recent, and
-- clears nothing where it is not.
--
-- $1 the id, $2 to $5 as there. No row for an unknown id, else one text: id, guard (0 or 1),
-- how many rows were cleared, and where one was written its id and sort key; behind a
-- space the state that it had.
WITH seen AS MATERIALIZED (
  SELECT object.{{id}} AS id, audit.id AS row_id, {{state}} AS state, {{guard}} AS guard
  FROM {{objects}} object
  LEFT JOIN {{transitions}} audit ON audit.{{id}} = object.{{id}} AND audit.most_recent
  WHERE object.{{id}} = $1::bigint{{lock}}
), open AS MATERIALIZED (
  SELECT id, row_id FROM seen WHERE guard AND state = ANY ((SELECT $2)::text[])
), cleared AS (
  UPDATE {{transitions}} audit
  SET most_recent = false, updated_at = coalesce($5::timestamp, LOCALTIMESTAMP)
  FROM open WHERE audit.id = open.row_id AND audit.most_recent
  RETURNING audit.{{id}} AS id
), inserted AS (
  INSERT INTO {{transitions}} ({{id}}, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT source.id, $3::text,
    (SELECT coalesce(max(sort_key), 0) + {{increment}} FROM {{transitions}} WHERE {{id}} = source.id),
    true, $4::jsonb, coalesce($5::timestamp, LOCALTIMESTAMP), coalesce($5::timestamp, LOCALTIMESTAMP)
  FROM (SELECT id FROM cleared UNION ALL SELECT id FROM open WHERE row_id IS NULL) AS source
  ON CONFLICT DO NOTHING
  RETURNING id AS row_id, sort_key
){{also}}
SELECT concat(concat_ws(',', seen.id, seen.guard::int, (SELECT count(*) FROM cleared), inserted.row_id, inserted.sort_key),
  ' ', seen.state)
FROM seen LEFT JOIN inserted ON true
