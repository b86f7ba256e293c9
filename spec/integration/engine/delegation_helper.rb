# frozen_string_literal: true

require_relative '../../spec_helper'

# What specs of delegation share. They prove the wiring, on the stand-in of the
# engine; that the answers are the engine's is proved by spec/parity.
module DelegationHelper
  READINESS = Tasker::Functions::FunctionBasedStepReadinessStatus
  CONTEXT = Tasker::Functions::FunctionBasedTaskExecutionContext
  LEVELS = Tasker::Functions::FunctionBasedDependencyLevels
  DAG = Tasker::StepDagRelationship

  def switch(value, **settings)
    TaskerCore.configure do |config|
      config.dependency_resolution = value
      settings.each { |name, setting| config.public_send(:"#{name}=", setting) }
    end
  end

  # The reports that come up from here on. What the garbage collector finds is of any
  # example before; spec/integration/native/abandoned_spec.rb is about that.
  def reports
    @reports ||= [].tap do |list|
      TaskerCore.configure do |config|
        config.on_report = ->(report) { list << report unless report.kind == :not_closed }
      end
    end
  end

  # @return [Array<String>] the names of the statements that a block runs
  def statements(&)
    seen = []
    listener = ->(*, payload) { seen << payload[:name].to_s unless payload[:name] == 'SCHEMA' }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
    seen
  end

  def by_core(&) = statements(&).grep(/\ATaskerCore /)

  def states(task) = READINESS.for_task(task.task_id).sort_by(&:workflow_step_id).map(&:current_state)
end

RSpec.configure do |config|
  config.include DelegationHelper, :delegation
  config.before(:each, :delegation) do
    switch :active
    reports
  end
  config.after(:each, :delegation) do
    switch :off, on_report: nil
    TaskerCore::Reporting.reset
    TaskerCore::FunctionVersions.reset
  end
end
