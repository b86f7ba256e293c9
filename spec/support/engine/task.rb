# frozen_string_literal: true

require 'digest'

module Tasker
  # Stands in for app/models/tasker/task.rb.
  class Task < ApplicationRecord
    self.primary_key = :task_id
    belongs_to :named_task
    has_many :workflow_steps, dependent: :destroy
    has_many :task_transitions, inverse_of: :task, dependent: :destroy
    validates :context, :requested_at, presence: true
    before_validation :set_identity_hash, on: :create
    delegate :name, :namespace_name, :version, to: :named_task
    delegate :workflow_summary, to: :task_execution_context

    # @param request [Tasker::Types::TaskRequest]
    def self.create_with_defaults!(request)
      named_task = NamedTask.find_or_create_by_full_name!(name: request.name, namespace_name: request.namespace,
                                                          version: request.version)
      create!(named_task:, initiator: request.initiator, source_system: request.source_system,
              reason: request.reason, tags: request.tags, bypass_steps: request.bypass_steps,
              requested_at: request.requested_at, context: request.context)
    end

    def state_machine
      @state_machine ||= StateMachine::TaskStateMachine.new(self, transition_class: TaskTransition,
                                                                  association_name: :task_transitions)
    end

    def status = new_record? ? 'pending' : state_machine.current_state

    def get_step_by_name(name) = workflow_steps.joins(:named_step).find_by(NamedStep.table_name => { name: })

    def all_steps_complete? = StepReadinessStatus.all_steps_complete_for_task?(self)

    def task_execution_context = @task_execution_context ||= TaskExecutionContext.new(task_id)

    # Answers nil and takes no arguments, as the engine's does.
    def reload
      super
      @task_execution_context = nil
    end

    private

    # The same request within one minute is the same task.
    def set_identity_hash
      request = [name, initiator, source_system, context, reason, requested_at.strftime('%Y-%m-%d %H:%M')]
      self.identity_hash = Digest::SHA256.hexdigest(request.to_json)
    end
  end
end
