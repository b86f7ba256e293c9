# frozen_string_literal: true

require_relative '../engine/engine'

# Resets work that a dead worker holds, in a Rails application.
module TaskerCore
  class << self
    # Lists steps that have been in_progress for longer than this age, in tasks that are not closed.
    #
    #   TaskerCore.stuck_steps(older_than: 10.minutes).map(&:name)
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds; more than any live handler needs
    # @return [Array<StuckStep>] by step id
    # @raise [EngineMissing] without the gem tasker-engine
    def stuck_steps(older_than:) = engine_client('stuck_steps').stuck_steps(older_than:)

    # Lists tasks that were interrupted between two steps, and pending tasks for which no job is
    # enqueued.
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds without activity
    # @return [Array<StuckTask>] by task id
    # @raise [EngineMissing] without the gem tasker-engine
    def stuck_tasks(older_than:) = engine_client('stuck_tasks').stuck_tasks(older_than:)

    # Takes stuck steps away from their workers (see {StuckWork#reset_stuck}). It moves their tasks
    # and the stuck tasks to pending through the engine's state machine, and enqueues each once,
    # after commit, through the engine's TaskReenqueuer.
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds
    # @return [Reset]
    # @raise [EngineMissing] without the gem tasker-engine
    def reset_stuck(older_than:) = StuckReset.new(engine_client('reset_stuck'), older_than).call

    private

    # A client on the connection of the engine's models.
    def engine_client(what) = on(Engine.connection(what))
  end

  # One reset. It writes steps and tasks in one transaction: another reset at the same time waits,
  # and then finds them no longer stuck.
  #
  # @api private
  class StuckReset
    METADATA = { 'reset_by' => 'tasker_core', 'reason' => 'stuck' }.freeze

    # The reason that the engine's events give for enqueuing a task.
    REASON = 'stuck'

    # @param client [Client] on the connection of the engine's models
    # @param older_than [ActiveSupport::Duration, Numeric] seconds
    def initialize(client, older_than)
      @client = client
      @older_than = older_than
      @reenqueuer = ::Tasker::Orchestration::TaskReenqueuer.new
    end

    # @return [Reset]
    def call
      ::Tasker::ApplicationRecord.transaction(requires_new: true) do
        cut = @client.stuck_tasks(older_than: @older_than).map(&:task_id)
        steps = @client.reset_stuck_steps(older_than: @older_than)
        tasks = tasks(cut, steps.map(&:task_id))
        ActiveRecord.after_all_transactions_commit { tasks.each { |task| enqueue(task) } }
        Reset.new(steps, tasks.map(&:task_id))
      end
    end

    private

    # A task whose steps were reset is run again, even if another process has set it to pending
    # already. An interrupted task is run again only if no other process was faster.
    def tasks(cut, owners)
      ::Tasker::Task.where(task_id: cut | owners).order(:task_id).select do |task|
        moved_to_pending?(task) || lost?(task) || (owners.include?(task.task_id) && task.status == 'pending')
      end
    end

    def moved_to_pending?(task)
      @reenqueuer.safe_transition_to(task, 'pending', METADATA)
    rescue Statesman::TransitionConflictError
      false
    end

    # A pending task whose job the queue did not accept, or that no listener has enqueued. A task
    # that no event can change stays as it is.
    def lost?(task)
      marks = Engine::Runner::PendingMark
      [marks::LOST, marks::CREATED, marks::TAKEN].any? { |word| marks.new(task).take(word) }
    end

    def enqueue(task) = @reenqueuer.reenqueue_task(task, reason: REASON)
  end
end
