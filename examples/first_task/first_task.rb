# frozen_string_literal: true

# Makes a task without Rails, executes its steps, watches how it stands, and draws it:
#
#   ruby first_task.rb postgresql://localhost/first

require 'tasker_core'

abort 'usage: ruby first_task.rb DATABASE_URL' unless ARGV.size == 1

# What each step does, with the results of its parents by name.
STEPS = {
  'extract' => ->(_parents) { { 'sales' => [120, 80, 40] } },
  'total' => ->(parents) { { 'total' => parents['extract']['sales'].sum } },
  'largest' => ->(parents) { { 'largest' => parents['extract']['sales'].max } },
  'report' => ->(parents) { { 'line' => "#{parents['total']['total']} (largest #{parents['largest']['largest']})" } }
}.freeze
HANDLERS = STEPS.keys.map { |step| { namespace: 'examples', task: 'first_task', step: } }.freeze

# Executes what is ready until nothing is left; a worker in Python does this by itself.
def work(client, task_id)
  until %w[complete error].include?(client.current_task_state(task_id))
    steps = client.claim_ready_steps(HANDLERS, limit: 10, start_tasks: true)
    steps.each do |step|
      client.complete_claim(step, results: STEPS.fetch(step.handler[:step]).call(step.parents))
    rescue StandardError => e
      client.fail_claim(step, error: e)
    end
    steps.map(&:task_id).uniq.each { |id| client.finalize_task(id) }
    client.await_steps(timeout: 1) if steps.empty?
  end
end

# Prints how the task stands whenever that changes; one statement each time.
def watch(client, task_id)
  said = nil
  loop do
    context = client.task_execution_context(task_id)
    line = "#{context.status}: #{context.completed_steps} of #{context.total_steps} steps complete"
    puts line unless line == said
    break if %w[complete error].include?(context.status)

    said = line
    sleep 0.05
  end
end

TaskerCore.open(database_url: ARGV.first) do |client|
  begin
    client.install_schema
  rescue TaskerCore::SchemaNotEmpty
    # The tables are there already.
  end
  task = client.create_task('first_task', namespace: 'examples', context: { day: '2026-11-26' }, steps: [
                              { name: 'extract' },
                              { name: 'total', depends_on: ['extract'] },
                              { name: 'largest', depends_on: ['extract'] },
                              { name: 'report', depends_on: %w[total largest] }
                            ])
  puts "made task #{task.task_id} of #{task.step_ids.size} steps"
  worker = Thread.new { work(client, task.task_id) }
  watch(client, task.task_id)
  worker.join
  puts client.draw(task.task_id, format: :mermaid)
end
