# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The objects on which a run's steps are executed, as opposed to those of its
      # sequence. Written by the threads that execute steps.
      class Executed
        def initialize
          @mutex = Mutex.new
          @latest = {}
          @unsettled = {}
          @all = []
          @lent = Set.new.compare_by_identity
        end

        # @return [Tasker::WorkflowStep, nil] the last object of a step
        def [](id) = @mutex.synchronize { @latest[id] }

        # @param step [Tasker::WorkflowStep]
        def add(step)
          @mutex.synchronize do
            @all << step
            @latest[step.workflow_step_id] = step
          end
        end

        # @return [Array<Tasker::WorkflowStep>]
        def all = @mutex.synchronize { @all.dup }

        # Notes objects of the sequence that somebody may change.
        def lend(steps) = @mutex.synchronize { @lent.merge(steps) }

        # @return [Array<Tasker::WorkflowStep>]
        def lent = @mutex.synchronize { @lent.to_a }

        # Forgets an object that is not the sequence's any more.
        def renewed(step) = @mutex.synchronize { @lent.delete(step) }

        # Notes what the sequence has to show of a step that ended.
        def unsettled(step) = @mutex.synchronize { @unsettled[step.workflow_step_id] = step }

        # Notes that the sequence has something newer.
        def settled(id) = @mutex.synchronize { @unsettled.delete(id) }

        # @yieldparam step [Tasker::WorkflowStep] each that ended since the last time
        def settle(&)
          ended = @mutex.synchronize { @unsettled.values.tap { @unsettled = {} } }
          ended.each(&)
        end
      end
    end
  end
end
