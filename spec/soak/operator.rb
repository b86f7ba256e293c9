# frozen_string_literal: true

require 'sidekiq/api'

module Soak
  # What the one does who looks after it all: what dead workers hold is reset, and jobs
  # that were lost with a process are enqueued again.
  class Operator
    # How long a step may be in progress before its worker counts as dead, in seconds.
    PATIENCE = 5
    OPEN = %w[pending in_progress].freeze

    # @return [Integer] steps that were reset; jobs enqueued again of tasks that had begun,
    #   and of tasks whose maker was interrupted before it enqueued one
    attr_reader :resets, :lost_jobs, :never_begun

    def initialize
      @resets = @lost_jobs = @never_begun = 0
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

    # @return [Array<String>] the task's jobs, and when they are due
    def jobs_of(task_id)
      { queue: Sidekiq::Queue.new('default'), scheduled: Sidekiq::ScheduledSet.new, retry: Sidekiq::RetrySet.new }
        .flat_map do |place, jobs|
          jobs.select { |job| job.args.first['arguments'].first == task_id }
              .map { |job| "#{place} #{job.respond_to?(:at) && job.at} #{job['error_message']}" }
        end
    end

    private

    # Sidekiq tells what it works on every ten seconds only: a job counts as lost where it
    # is missed twice.
    def enqueue_lost_jobs
      missed = forgotten
      (missed & @missed).each { |id| enqueue(id) }
      @missed = missed - @missed
    end

    def enqueue(task_id)
      Tasker::TaskRunnerJob.perform_later(task_id)
      if Tasker::TaskTransition.exists?(task_id:)
        @lost_jobs += 1
      else
        @never_begun += 1
      end
    end

    # Also those that are just being done.
    def jobs
      waiting = [*Sidekiq::Queue.new('default'), *Sidekiq::ScheduledSet.new, *Sidekiq::RetrySet.new]
      (waiting + Sidekiq::WorkSet.new.map { |_, _, work| work.job }).map { |job| job.args.first['arguments'].first }
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
