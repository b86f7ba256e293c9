# frozen_string_literal: true

require_relative 'statesman'

module Tasker
  # Stands in for lib/tasker/state_machine: who may go where, and which event says so.
  module StateMachine
    # What both machines share.
    module Common
      def self.included(base)
        base.include(Statesman::Machine)
        base.extend(Concerns::EventPublisher)
        base.extend(ClassMethods)
      end

      module ClassMethods
        # The engine never records from_state, so it is nil here.
        def determine_transition_event_name(from, to) = self::TRANSITION_EVENT_MAP[[from, to]]

        def announce(event, payload)
          publish_event(event, payload) if event
        end
      end

      def current_state = transition_row&.to_state.presence || 'pending'

      private

      def transition_row = transitions.where(most_recent: true).first
    end

    class StepStateMachine
      include Common

      TRANSITION_EVENT_MAP = {
        [nil, 'pending'] => 'step.initialize_requested', [nil, 'in_progress'] => 'step.execution_requested',
        [nil, 'complete'] => 'step.completed', [nil, 'error'] => 'step.failed', [nil, 'cancelled'] => 'step.cancelled',
        [nil, 'resolved_manually'] => 'step.resolved_manually', %w[error pending] => 'step.retry_requested'
      }.freeze

      transition from: 'pending', to: %w[in_progress error cancelled resolved_manually]
      transition from: 'in_progress', to: %w[complete error cancelled]
      transition from: 'error', to: %w[pending resolved_manually]

      guard_transition(to: 'in_progress') { |step| StepStateMachine.step_dependencies_met?(step) }

      after_transition do |step, row|
        event = StepStateMachine.determine_transition_event_name(row.from_state, row.to_state)
        StepStateMachine.announce(event, StepStateMachine.payload(step, row))
      end

      def self.step_dependencies_met?(step)
        step.parents.all? { |parent| parent.state_machine.in_state?('complete', 'resolved_manually') }
      end

      def self.payload(step, row)
        Events::EventPayloadBuilder.build_step_payload(
          step, step.task, event_type: row.to_state == 'complete' ? :completed : :started,
                           additional_context: { from_state: row.from_state, to_state: row.to_state,
                                                 transitioned_at: Time.zone.now }
        )
      end
    end

    class TaskStateMachine
      include Common

      TRANSITION_EVENT_MAP = Constants::TASK_TRANSITION_EVENT_MAP

      transition from: 'pending', to: %w[in_progress cancelled error]
      transition from: 'in_progress', to: %w[complete error cancelled pending]
      transition from: 'error', to: %w[pending resolved_manually]
      transition from: 'complete', to: 'cancelled'
      transition from: 'resolved_manually', to: 'cancelled'

      guard_transition(to: 'complete') { |task, _transition| task.all_steps_complete? }

      before_transition do |task, row|
        event = TaskStateMachine.determine_transition_event_name(row.from_state, row.to_state)
        TaskStateMachine.publish_event('task.before_transition',
                                       { task_id: task.task_id, from_state: row.from_state, to_state: row.to_state,
                                         transition_event: event })
      end

      after_transition do |task, row|
        event = TaskStateMachine.determine_transition_event_name(row.from_state, row.to_state)
        TaskStateMachine.announce(event, { task_id: task.task_id, task_name: task.name, task_context: task.context,
                                           from_state: row.from_state, to_state: row.to_state,
                                           transitioned_at: Time.zone.now })
      end
    end
  end
end
