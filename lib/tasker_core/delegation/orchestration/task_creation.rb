# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # What the events and log lines of a new task ask the database for.
      module TaskCreation
        # Prepended to WorkflowStep's class: what a task's payload says of its steps, in
        # one statement instead of four.
        module Stats
          def self.on_class? = true

          # @param task [Tasker::Task]
          # @return [Hash{Symbol => Object}] as the engine's
          def task_completion_stats(task)
            return super unless Orchestration.active? && equal?(::Tasker::WorkflowStep)

            total, completed, failed, latest = Statement.new(task).counts
            { total_steps: total, completed_steps: completed, failed_steps: failed,
              pending_steps: total - completed - failed,
              latest_completion_time: type_for_attribute(:processed_at).deserialize(latest),
              all_complete: completed == total && total.positive? }
          end
        end

        # Counts the steps of a task by their current states.
        class Statement
          DONE = %w[complete resolved_manually].freeze

          def initialize(task)
            @task = task
            @steps = ::Tasker::WorkflowStep.arel_table
            @audit = ::Tasker::WorkflowStepTransition.arel_table
          end

          # @return [Array(Integer, Integer, Integer, Time)] all, completed and failed
          #   steps, and when the last one completed
          def counts
            done = @audit[:to_state].in(DONE)
            ::Tasker::WorkflowStep.for_task(@task).unscope(:order).joins(current).pick(
              Arel.star.count, Arel.star.count.filter(done), Arel.star.count.filter(@audit[:to_state].eq('error')),
              @steps[:processed_at].maximum.filter(done)
            )
          end

          private

          def current
            own = @audit[:workflow_step_id].eq(@steps[:workflow_step_id]).and(@audit[:most_recent].eq(true))
            Arel::Nodes::OuterJoin.new(@audit, Arel::Nodes::On.new(own))
          end
        end

        # Prepended to TaskInitializer: a line that no logger would write does not ask
        # for the task's state.
        module Logging
          def self.on_class? = false

          def log_task_event(task, event_type, **context)
            super if !Orchestration.active? || (written?(:info) && should_log?(:info))
          end
        end
      end
    end
  end
end
