# frozen_string_literal: true

require_relative '../generated/tuples'
require_relative '../native/row'

# How a task stands, for whoever looks at it.
module TaskerCore
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
  TaskProgress = Data.define(:task_id, *Tuples::PROGRESS_REPLY) do
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
      found = call('task_progress', 'task_id' => id(task_id))
      return unless found

      fields = Tuples::PROGRESS_REPLY.zip(found).to_h
      TaskProgress.new(**fields, task_id: id(task_id), now: Table::WallClock.time(fields[:now]),
                                 steps: StepProgress.all(fields[:steps]))
    end
  end

  class << self
    # The same in a Rails application, on the connection of the engine's models.
    #
    # @see TaskProgressOperations#task_progress
    def task_progress(task_id) = engine_client('task_progress').task_progress(task_id)
  end
end
