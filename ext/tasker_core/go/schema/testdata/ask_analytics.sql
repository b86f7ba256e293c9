-- One row, one text: the answers of the four functions in the words of analytics-vectors.json.
SELECT jsonb_build_object(
    'system_health', (
        SELECT to_jsonb(counts) - 'active_connections' - 'max_connections'
        FROM get_system_health_counts_v01() AS counts
    ),
    'analytics_default', (
        SELECT to_jsonb(metrics) - 'analysis_period_start' - 'calculated_at'
        FROM get_analytics_metrics_v01() AS metrics
    ),
    'analytics_2h', (
        SELECT to_jsonb(metrics) - 'analysis_period_start' - 'calculated_at'
        FROM get_analytics_metrics_v01(now() - interval '7500 seconds') AS metrics
    ),
    'slowest_steps_default', (
        SELECT coalesce(jsonb_agg(to_jsonb(step) - 'created_at' - 'completed_at'), '[]')
        FROM get_slowest_steps_v01() AS step
    ),
    'slowest_steps_payments_5', (
        SELECT coalesce(jsonb_agg(to_jsonb(step) - 'created_at' - 'completed_at'), '[]')
        FROM get_slowest_steps_v01(now() - interval '300000 seconds', 5, 'payments') AS step
    ),
    'slowest_steps_order', (
        SELECT coalesce(jsonb_agg(to_jsonb(step) - 'created_at' - 'completed_at'), '[]')
        FROM get_slowest_steps_v01(now() - interval '300000 seconds', 10, NULL, 'order', '1.0.0') AS step
    ),
    'slowest_tasks_default', (
        SELECT coalesce(jsonb_agg(to_jsonb(task) - 'created_at' - 'completed_at'), '[]')
        FROM get_slowest_tasks_v01() AS task
    ),
    'slowest_tasks_etl_3', (
        SELECT coalesce(jsonb_agg(to_jsonb(task) - 'created_at' - 'completed_at'), '[]')
        FROM get_slowest_tasks_v01(now() - interval '300000 seconds', 3, 'etl') AS task
    )
)::text
