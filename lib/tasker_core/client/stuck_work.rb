# frozen_string_literal: true

require_relative 'numbers'
require_relative '../native/row'

module TaskerCore
  # What a reset did.
  #
  # @!attribute [r] steps
  #   @return [Array<ResetStep>] by step id
  # @!attribute [r] task_ids
  #   @return [Array<Integer>] the tasks that are pending again, in ascending order
  Reset = Struct.new(:steps, :task_ids)

  # The operations of a Client on work that a dead worker holds. Ages are counted by
  # the database's clock; give one that no live handler needs.
  module StuckWork
    include Numbers

    # Steps that are in_progress for longer than that, of tasks that are not closed.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Array<StuckStep>] by step id
    # @raise [InvalidArgument] for a negative age, or one of more than 100 years
    def stuck_steps(older_than:) = StuckStep.all(call('stuck_steps', 'older_than' => micros(older_than)))

    # Tasks whose run was cut short between two steps: in_progress, while none of
    # their steps is, and without activity for that long. And pending tasks for which no job
    # is enqueued.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Array<StuckTask>] by task id
    # @raise [InvalidArgument]
    def stuck_tasks(older_than:) = StuckTask.all(call('stuck_tasks', 'older_than' => micros(older_than)))

    # Takes stuck steps from their workers, as if each had failed: an audit row error
    # whose metadata says {"reset_by": "tasker_core", "reason": "stuck"}, attempts one
    # more, in_process false. Where an attempt is left a row pending follows, else the
    # step stays in error. Their tasks, and those that are stuck, are set pending; to
    # enqueue them is the caller's (TaskerCore.reset_stuck does it in Rails). A worker
    # that comes back later cannot finish its step any more.
    #
    # @param older_than [Numeric, ActiveSupport::Duration] seconds
    # @return [Reset]
    # @raise [InvalidArgument]
    # @raise [ConflictError] if another process wrote to one of the tasks at the same
    #   time; then nothing was reset
    def reset_stuck(older_than:) = write_reset(older_than, leave_tasks: false)

    # The same for the steps alone: their tasks stay as they are.
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

    # As the core has it: go/wire/stuck.go.
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
