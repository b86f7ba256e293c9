# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Counts the complete, failed and pending steps of a run's task, by the states that the run
      # knows.
      class StepCounts
        DONE = %w[complete resolved_manually].freeze
        private_constant :DONE

        # @param session [Session]
        # @param steps [StepObjects]
        def initialize(session, steps)
          @session = session
          @steps = steps
        end

        # The counts of WorkflowStep.task_completion_stats.
        #
        # @return [Hash{Symbol => Object}]
        def stats
          states = @session.step_states
          done = states.filter_map { |id, state| id if DONE.include?(state) }
          failed = states.each_value.count('error')
          { total_steps: states.size, completed_steps: done.size, failed_steps: failed,
            pending_steps: states.size - done.size - failed, latest_completion_time: @steps.latest_completion(done),
            all_complete: done.size == states.size && states.any? }
        end

        # @return [Boolean] whether a step is in error
        def failed? = @session.step_states.value?('error')
      end
    end
  end
end
