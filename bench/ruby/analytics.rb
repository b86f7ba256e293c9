# frozen_string_literal: true

# System health, metrics and the slowest, over 10,000 and 100,000 steps: against the
# SQL functions, and how much of it is Ruby's processor time.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/analytics.rb
require_relative '../support/world'
require_relative '../support/rows'

# The engine's functions for the slowest raise as shipped; they are measured with the
# two casts that they lack.
def mend(name)
  text = Tasker::Engine.root.join("db/functions/#{name}.sql").read
  World.execute(text.gsub(/^( +[st]d\.(?:created_at|completion_time|latest_completion)),$/, '\1::timestamptz,'))
end

def function(sql) = -> { World.connection.uncached { World.connection.select_all(sql).to_a } }

World.open do
  %w[get_slowest_steps_v01 get_slowest_tasks_v01].each { |name| mend(name) } if World.engine?
  client = World.client
  since = Time.now - (30 * 3600)
  long = "now() - interval '30 hours'"
  operations = {
    'system_health_counts' => ['get_system_health_counts_v01()', -> { client.system_health_counts.to_h }],
    'analytics_metrics, last hour' => ['get_analytics_metrics_v01()', -> { client.analytics_metrics.to_h }],
    'analytics_metrics, 30 hours' => ["get_analytics_metrics_v01(#{long})",
                                      -> { client.analytics_metrics(since:).to_h }],
    'slowest_steps, 30 hours' => ["get_slowest_steps_v01(#{long})", -> { client.slowest_steps(since:).map(&:to_h) }],
    'slowest_tasks, 30 hours' => ["get_slowest_tasks_v01(#{long})", -> { client.slowest_tasks(since:).map(&:to_h) }]
  }
  [1000, 10_000].each do |tasks|
    BenchRows.tasks(tasks)
    operations.each do |name, (sql, core)|
      ways = { 'SQL function through select_all' => function("SELECT * FROM #{sql}"), 'core' => core }
      World.table("#{name}, #{tasks * 10} steps", World.compare(ways, seconds: 6))
      puts format('  %-44<name>s %10.3<time>f ms', name: 'processor time of Ruby and core',
                                                   time: World.processor_time(&core))
    end
  end
end
