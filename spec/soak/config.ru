# frozen_string_literal: true

# The soak's application in Puma: a POST makes a task, and runs it at once where its
# body says so; its job is enqueued all the same.
require_relative 'application'

listener = TaskerCore::Listener.start
at_exit { listener.stop }

run(lambda do |env|
  order = JSON.parse(env['rack.input'].read)
  Rails.application.executor.wrap do
    made = Soak::Workflows.create(order.fetch('name'), order.fetch('context'))
    task = Tasker::Task.find(made.task_id)
    Tasker::HandlerFactory.instance.get(order.fetch('name')).handle(task) if order['run']
    [200, {}, [made.task_id.to_s]]
  end
rescue ActiveRecord::ActiveRecordError, PG::Error, Tasker::ProceduralError, Statesman::TransitionConflictError => e
  # The server is away, or the task's job was faster.
  [503, {}, ["#{e.class}: #{e.message}"]]
end)
