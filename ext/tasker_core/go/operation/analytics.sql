-- Throughput, rates and durations of the tasks made since a moment ($1, microseconds since 1970 in
-- UTC; NULL: an hour ago), as one row: the engine's get_analytics_metrics_v01.
--
-- A task counts as done with one complete step and as failed with one failed step, so it can be
-- both. The score looks at the last hour, whatever the period. Times are wall clocks of the session's
-- zone, as the tables keep them.
WITH task AS (
  SELECT task_id, created_at,
    created_at > coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
                          now() - interval '1 hour') AS inside,
    created_at > now() - interval '1 hour' AS recent
  FROM tasker_tasks
  WHERE created_at > least(coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
                           now() - interval '1 hour'), now() - interval '1 hour')
), per_task AS (
  -- extract() answers double precision before PostgreSQL 14, hence the casts.
  SELECT task.inside, task.recent, count(step.workflow_step_id) AS steps,
    bool_or(latest.to_state = 'complete') AS done, bool_or(latest.to_state = 'error') AS failed,
    count(*) FILTER (WHERE latest.to_state = 'complete') AS ended,
    sum(extract(epoch FROM latest.created_at - task.created_at)::numeric)
      FILTER (WHERE latest.to_state = 'complete') AS task_seconds,
    sum(extract(epoch FROM latest.created_at - step.created_at)::numeric)
      FILTER (WHERE latest.to_state = 'complete') AS step_seconds
  FROM task
  LEFT JOIN tasker_workflow_steps AS step ON step.task_id = task.task_id
  LEFT JOIN tasker_workflow_step_transitions AS latest
    ON latest.workflow_step_id = step.workflow_step_id AND latest.most_recent
  GROUP BY task.task_id, task.inside, task.recent
), total AS (
  SELECT
    count(*) FILTER (WHERE inside) AS tasks,
    count(*) FILTER (WHERE inside AND done) AS done,
    count(*) FILTER (WHERE inside AND failed) AS failed,
    coalesce(sum(steps) FILTER (WHERE inside), 0) AS steps,
    sum(ended) FILTER (WHERE inside) AS ended,
    sum(task_seconds) FILTER (WHERE inside) AS task_seconds,
    sum(step_seconds) FILTER (WHERE inside) AS step_seconds,
    count(*) FILTER (WHERE recent AND done) AS recent_done,
    count(*) FILTER (WHERE recent AND failed) AS recent_failed
  FROM per_task
)
SELECT
  (SELECT count(DISTINCT step.task_id)
   FROM tasker_workflow_step_transitions AS latest
   JOIN tasker_workflow_steps AS step ON step.workflow_step_id = latest.workflow_step_id
   WHERE latest.most_recent
     AND latest.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually'))::text,
  used.namespaces::text,
  used.names::text,
  CASE WHEN recent_done + recent_failed > 0
    THEN round(recent_done::numeric / (recent_done + recent_failed), 3) ELSE 1.0 END::text,
  tasks::text,
  done::text,
  failed::text,
  CASE WHEN tasks > 0 THEN round(done::numeric / tasks * 100, 2) ELSE 0.0 END::text,
  CASE WHEN tasks > 0 THEN round(failed::numeric / tasks * 100, 2) ELSE 0.0 END::text,
  round(coalesce(task_seconds / ended, 0), 3)::text,
  round(coalesce(step_seconds / ended, 0), 3)::text,
  steps::text,
  encode(timestamp_send(coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond', now() - interval '1 hour')::timestamp), 'hex'),
  encode(timestamp_send(LOCALTIMESTAMP), 'hex')
FROM total,
  (SELECT count(DISTINCT namespace.name) AS namespaces, count(DISTINCT template.name) AS names
   FROM tasker_named_tasks AS template
   JOIN tasker_task_namespaces AS namespace ON namespace.task_namespace_id = template.task_namespace_id
   WHERE EXISTS (SELECT FROM tasker_tasks AS made WHERE made.named_task_id = template.named_task_id)) AS used
