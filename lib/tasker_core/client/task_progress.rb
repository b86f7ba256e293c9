# frozen_string_literal: true

require_relative '../native/row'

# How a task stands, for whoever looks at it.
module TaskerCore
  # How a step stands. began_at is when it was first in progress, ended_at when it came to the
  # state that it has where that is one to stay in, duration_micros from the one to the other
  # (of a running step up to now), level the longest path from a root.
  StepProgress = Row.of(:workflow_step_id, :name, :state, :attempts, :retry_limit, :level, :began_at, :ended_at,
                        :duration_micros, :parent_step_ids)

  # How a task stands, step by step.
  #
  # @!attribute [r] task_id
  #   @return [Integer]
  # @!attribute [r] namespace
  #   @return [String]
  # @!attribute [r] name
  #   @return [String] of the task's template
  # @!attribute [r] version
  #   @return [String]
  # @!attribute [r] state
  #   @return [String]
  # @!attribute [r] now
  #   @return [Time] the database's
  # @!attribute [r] steps
  #   @return [Array<StepProgress>] by step id
  TaskProgress = Data.define(:task_id, :namespace, :name, :version, :state, :now, :steps) do
    # @return [Boolean] whether the task has come to its end: it may still be retried, or
    #   resolved, by somebody
    def ended? = %w[complete resolved_manually error cancelled].include?(state)

    # @return [Integer] how many steps are complete or resolved manually
    def done = steps.count { |step| %w[complete resolved_manually].include?(step.state) }
  end

  # What is asked of a task that somebody looks at, of a Client.
  module TaskProgressOperations
    # Every step of a task with state, attempts and times, by one statement.
    #
    # @param task_id [Integer]
    # @return [TaskProgress, nil] nil for an unknown task
    # @raise [CycleError] if steps depend on each other in a circle
    def task_progress(task_id)
      namespace, name, version, state, now, steps = call('task_progress', 'task_id' => id(task_id))
      return unless state

      TaskProgress.new(task_id: id(task_id), namespace:, name:, version:, state:, now: Table::WallClock.time(now),
                       steps: StepProgress.all(steps))
    end
  end

  class << self
    # The same in a Rails application, on the connection of the engine's models.
    #
    # @see TaskProgressOperations#task_progress
    def task_progress(task_id) = engine_client('task_progress').task_progress(task_id)
  end
end
