# frozen_string_literal: true

require 'sidekiq/api'

module Soak
  # What the one does who looks after it all: what dead workers hold is reset, and jobs
  # that were lost with a process are enqueued again.
  class Operator
    # How long a step may be in progress before its worker counts as dead, in seconds.
    PATIENCE = 5
    OPEN = %w[pending in_progress].freeze

    # @return [Integer]
    attr_reader :resets, :lost_jobs

    def initialize
      @resets = @lost_jobs = 0
      @looked = now
      @missed = []
    end

    def tend
      return if now - @looked < PATIENCE

      repair
    end

    # @return [Boolean] whether it could be done
    def repair
      @looked = now
      @resets += TaskerCore.reset_stuck(older_than: PATIENCE).steps.size
      enqueue_lost_jobs
      true
    rescue ActiveRecord::ActiveRecordError, TaskerCore::ConflictError, Statesman::TransitionConflictError
      # The server is away, or a worker was faster; the next round finds what is left.
      false
    end

    # @return [Array<Integer>] pending tasks for which nobody has a job
    def forgotten
      before = open('pending')
      cared = jobs
      before & (open('pending') - cared)
    end

    # @param states [Array<String>]
    # @return [Array<Integer>] the tasks that are in one of these states
    def open(*states)
      states = OPEN if states.empty?
      latest = Tasker::TaskTransition.where(most_recent: true).where.not(to_state: states).select(:task_id)
      Tasker::Task.where(complete: [nil, false]).where.not(task_id: latest)
                  .select { |task| states.include?(task.status) }.map(&:task_id)
    end

    private

    # Sidekiq tells what it works on every ten seconds only: a job counts as lost where it
    # is missed twice.
    def enqueue_lost_jobs
      missed = forgotten
      (missed & @missed).each { |id| Tasker::TaskRunnerJob.perform_later(id) && @lost_jobs += 1 }
      @missed = missed - @missed
    end

    # Also those that are just being done.
    def jobs
      waiting = [*Sidekiq::Queue.new('default'), *Sidekiq::ScheduledSet.new, *Sidekiq::RetrySet.new]
      (waiting + Sidekiq::WorkSet.new.map { |_, _, work| work.job }).map { |job| job.args.first['arguments'].first }
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
