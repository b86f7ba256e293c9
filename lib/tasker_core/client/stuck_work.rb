# frozen_string_literal: true

require_relative 'numbers'
require_relative '../native/row'

module TaskerCore
  # The result of a reset.
  #
  # @!attribute [r] steps
  #   @return [Array<ResetStep>] the steps that were reset, by step id
  # @!attribute [r] task_ids
  #   @return [Array<Integer>] the tasks that are pending again, in ascending order
  Reset = Struct.new(:steps, :task_ids)

  # The client's operations on work that a dead worker holds. The database's clock measures ages.
  # Pass an age that no live handler reaches.
  module StuckWork
    include Numbers

    # Lists steps that have been in_progress for longer than this age, in tasks that are not closed.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Array<StuckStep>] by step id
    # @raise [InvalidArgument] if the age is negative or over 100 years
    def stuck_steps(older_than:) = StuckStep.all(call('stuck_steps', 'older_than' => micros(older_than)))

    # Lists tasks that were interrupted between two steps: they are in_progress, none of their steps
    # is, and nothing has happened for longer than this age. It also lists pending tasks for which
    # no job is enqueued.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Array<StuckTask>] by task id
    # @raise [InvalidArgument] if the age is negative or over 100 years
    def stuck_tasks(older_than:) = StuckTask.all(call('stuck_tasks', 'older_than' => micros(older_than)))

    # Takes stuck steps away from their workers, as if each had failed. It writes an audit row
    # "error" with the metadata `{"reset_by": "tasker_core", "reason": "stuck"}`, adds 1 to attempts
    # and sets in_process to false. If an attempt is left, an audit row "pending" follows; otherwise
    # the step stays in error. Their tasks and the stuck tasks are set to pending. The caller
    # enqueues those tasks; TaskerCore.reset_stuck does that in Rails. A worker that comes back
    # later can no longer finish its step.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Reset]
    # @raise [InvalidArgument] if the age is negative or over 100 years
    # @raise [ConflictError] if another process wrote to one of the tasks at the same time; nothing
    #   was reset
    def reset_stuck(older_than:) = write_reset(older_than, leave_tasks: false)

    # Resets only the steps and leaves their tasks as they are.
    #
    # @return [Array<ResetStep>]
    # @see reset_stuck
    def reset_stuck_steps(older_than:) = write_reset(older_than, leave_tasks: true).steps

    private

    def write_reset(older_than, leave_tasks:)
      arguments = { 'older_than' => micros(older_than), 'leave_tasks' => leave_tasks, 'now' => @host.now }
      steps, task_ids = @host.transaction { call('reset_stuck', arguments) } # ResetReply
      Reset.new(ResetStep.all(steps), task_ids)
    end

    # The limit of the core: go/wire/stuck.go.
    LONGEST = 100 * 365 * 24 * 3600
    private_constant :LONGEST

    def micros(older_than)
      age = seconds(older_than, LONGEST)
      return (age * 1_000_000).round if age

      raise InvalidArgument.new("older_than is #{older_than.inspect}; it must be seconds from 0 to 100 years, or a " \
                                'duration such as 10.minutes', code: 'invalid_argument')
    end
  end
end
