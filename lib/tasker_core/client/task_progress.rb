# frozen_string_literal: true

require_relative '../generated/tuples'
require_relative '../native/row'

# Reads the progress of a task.
module TaskerCore
  # The progress of a task, step by step.
  #
  # @!attribute [r] task_id
  #   @return [Integer]
  # @!attribute [r] namespace
  #   @return [String]
  # @!attribute [r] name
  #   @return [String] the task's name
  # @!attribute [r] version
  #   @return [String]
  # @!attribute [r] state
  #   @return [String] the task's state
  # @!attribute [r] now
  #   @return [Time] the database's time of the answer
  # @!attribute [r] steps
  #   @return [Array<StepProgress>] by step id
  TaskProgress = Data.define(:task_id, *Tuples::PROGRESS_REPLY) do
    # @return [Boolean] whether the task has ended; a failed task may still be retried or resolved
    #   by hand
    def ended? = %w[complete resolved_manually error cancelled].include?(state)

    # @return [Integer] the number of steps that are complete or resolved manually
    def done = steps.count { |step| %w[complete resolved_manually].include?(step.state) }
  end

  # The client's operation that shows a task's progress.
  module TaskProgressOperations
    # Reads every step of a task with its state, attempts and times, in one statement.
    #
    # @param task_id [Integer]
    # @return [TaskProgress, nil] nil for an unknown task
    # @raise [CycleError] if the dependencies form a cycle
    def task_progress(task_id)
      found = call('task_progress', 'task_id' => id(task_id))
      return unless found

      fields = Tuples::PROGRESS_REPLY.zip(found).to_h
      TaskProgress.new(**fields, task_id: id(task_id), now: Table::WallClock.time(fields[:now]),
                                 steps: StepProgress.all(fields[:steps]))
    end
  end

  class << self
    # Does the same in a Rails application, on the connection of the engine's models.
    #
    # @see TaskProgressOperations#task_progress
    def task_progress(task_id) = engine_client('task_progress').task_progress(task_id)
  end
end
