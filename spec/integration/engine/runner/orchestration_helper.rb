# frozen_string_literal: true

require_relative '../delegation_helper'
require_relative '../../../support/scripted'

# What specs of the loop share: orchestration is switched on, tasks are made from
# graphs, and what the run wrote and published is read back.
module OrchestrationHelper
  EXECUTION = Tasker::Configuration::EXECUTION

  # Steps by name, as the database has them.
  def steps(task) = Tasker::WorkflowStep.where(task_id: task.task_id).includes(:named_step).index_by(&:name)

  def step(task, name) = steps(task).fetch(name)

  def state(task, name) = step(task, name).status

  def step_states(task) = steps(task).transform_values(&:status)

  def task_state(task) = Tasker::Task.find(task.task_id).status

  # The states of a step's audit rows, in their order.
  def history(task, name)
    Tasker::WorkflowStepTransition.where(workflow_step_id: step(task, name).workflow_step_id).order(:sort_key)
                                  .pluck(:to_state)
  end

  # The events that a block publishes: [name, payload].
  def events(*names, &)
    seen = []
    mutex = Mutex.new
    listener = ->(event) { mutex.synchronize { seen << [event.id.to_s, event.payload] } }
    listen(names, listener, &)
    seen
  end

  def listen(names, listener)
    publisher = Tasker::Events::Publisher.instance
    names.each { |name| publisher.subscribe(name, &listener) }
    yield
  ensure
    publisher.unsubscribe(listener)
  end

  def jobs = ActiveJob::Base.queue_adapter.enqueued_jobs

  # The waiting time of the only job, nil where it is to run at once.
  def delay_of(job) = job['scheduled_at'] && (Time.zone.parse(job['scheduled_at']) - Time.current)

  def run_job(task) = Tasker::TaskRunnerJob.perform_now(task.task_id)

  # Lets a failed step's waiting time be over.
  def pass_waiting_times(task)
    own = Tasker::WorkflowStep.where(task_id: task.task_id)
    Tasker::WorkflowStepTransition.where(workflow_step_id: own.select(:workflow_step_id))
                                  .update_all("created_at = created_at - interval '1 hour'")
    own.update_all("last_attempted_at = last_attempted_at - interval '1 hour'")
  end

  def session_stats = TaskerCore::Core.current.call('session_stats', {})

  # Timeouts of tenths of seconds instead of half minutes.
  def short_timeouts(seconds)
    Tasker.configuration.execution do |execution|
      execution.batch_timeout_base_seconds = seconds
      execution.batch_timeout_per_step_seconds = 0
    end
  end
end

RSpec.configure do |config|
  config.include DelegationHelper, :orchestration
  config.include OrchestrationHelper, :orchestration
  config.before(:each, :orchestration) do
    ActiveJob::Base.queue_adapter = :test
    switch :active, state_transitions: :active, orchestration: :active
    reports
  end
  config.after(:each, :orchestration) do
    TaskerCore::Configuration.settings.each_value do |setting|
      TaskerCore.configure { |c| c.public_send(:"#{setting.name}=", setting.default) }
    end
    Tasker.reset_configuration!
    TaskerCore::Reporting.reset
    TaskerCore::FunctionVersions.reset
    ActiveJob::Base.queue_adapter = :test
    Scripted.forget
  end
end
