-- Makes a namespace and dependent systems where they are missing. Rows are inserted in one
-- order, the namespace first, so that who makes the same at the same time waits and never
-- in a circle; ON CONFLICT passes over what somebody else has made meanwhile. What is there
-- already is left out beforehand: each attempt would take a number of the sequence.
--
-- $1 the namespace, $2 the systems, $3 the time to write, null for the database's own.
WITH namespace AS (
  INSERT INTO tasker_task_namespaces (name, created_at, updated_at)
  SELECT $1::text, coalesce($3::timestamp, LOCALTIMESTAMP), coalesce($3::timestamp, LOCALTIMESTAMP)
  WHERE NOT EXISTS (SELECT FROM tasker_task_namespaces WHERE name = $1::text)
  ON CONFLICT DO NOTHING
  RETURNING task_namespace_id
)
INSERT INTO tasker_dependent_systems (name, created_at, updated_at)
SELECT given.name, coalesce($3::timestamp, LOCALTIMESTAMP), coalesce($3::timestamp, LOCALTIMESTAMP)
FROM (SELECT DISTINCT unnest($2::text[]) AS name) AS given
WHERE (SELECT count(*) FROM namespace) >= 0
  AND NOT EXISTS (SELECT FROM tasker_dependent_systems known WHERE known.name = given.name)
ORDER BY given.name
ON CONFLICT DO NOTHING
