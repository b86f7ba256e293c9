# frozen_string_literal: true

# What Puma of the specs loads. It runs a task at once, before the workers are forked
# where the application is preloaded, and one for each request.
require_relative '../ledger_application'

ActiveJob::Base.queue_adapter = :test

run_one = lambda do
  id = Ledger.create(1).first
  Tasker::HandlerFactory.instance.get(Ledger::NAME).handle(Tasker::Task.find(id))
  "#{Process.pid} #{Tasker::Task.find(id).status} #{TaskerCore.implementation}"
end
run_one.call
run ->(_env) { [200, {}, [run_one.call]] }
