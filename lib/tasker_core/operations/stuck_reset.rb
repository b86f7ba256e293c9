# frozen_string_literal: true

require_relative '../engine/engine'

# Work that a dead worker holds, in a Rails application.
module TaskerCore
  class << self
    # Steps that are in_progress for longer than that, of tasks that are not closed.
    #
    #   TaskerCore.stuck_steps(older_than: 10.minutes).map(&:name)
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds; longer than any
    #   live handler needs
    # @return [Array<StuckStep>] by step id
    # @raise [EngineMissing] without the gem tasker-engine
    def stuck_steps(older_than:) = engine_client('stuck_steps').stuck_steps(older_than:)

    # Tasks whose run was cut short between two steps, and pending ones for which no job is
    # enqueued.
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds without activity
    # @return [Array<StuckTask>] by task id
    # @raise [EngineMissing]
    def stuck_tasks(older_than:) = engine_client('stuck_tasks').stuck_tasks(older_than:)

    # Takes stuck steps from their workers (Client#reset_stuck says how), moves their
    # tasks and those that are stuck to pending, through the engine's state machine,
    # and enqueues each once, after commit, through the engine's TaskReenqueuer.
    #
    # @param older_than [ActiveSupport::Duration, Numeric] seconds
    # @return [Reset]
    # @raise [EngineMissing]
    def reset_stuck(older_than:) = StuckReset.new(engine_client('reset_stuck'), older_than).call

    private

    # On the connection of the engine's models, for what needs them.
    def engine_client(what) = on(Engine.connection(what))
  end

  # One reset. Steps and tasks are written in one transaction: who comes at the same
  # time waits, and finds them no longer stuck.
  class StuckReset
    METADATA = { 'reset_by' => 'tasker_core', 'reason' => 'stuck' }.freeze

    # Why a task is enqueued, in the engine's events.
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

    # A task whose steps were reset is to run, also where somebody has set it pending
    # already; one that was cut short only if nobody was faster.
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

    # A pending task whose job the queue did not take, or that no listener has enqueued; what
    # nothing can change stays.
    def lost?(task)
      marks = Engine::Runner::PendingMark
      [marks::LOST, marks::CREATED, marks::TAKEN].any? { |word| marks.new(task).take(word) }
    end

    def enqueue(task) = @reenqueuer.reenqueue_task(task, reason: REASON)
  end
end
