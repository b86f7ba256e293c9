# frozen_string_literal: true

require 'rbconfig'
require 'sidekiq/api'

# Sidekiq processes that are killed with -9 at random, and what an operator does
# about it: what dead workers held is reset, lost jobs are enqueued again.
class Fleet
  # How long a step may be in progress before its worker counts as dead.
  PATIENCE = 3

  attr_reader :kills, :resets, :lost_jobs

  # Starts one process.
  #
  # @param application [String] the file that it loads
  # @param timeout [Integer] how many seconds its jobs have at a shutdown
  # @param threads [Integer]
  # @return [Integer] its id
  def self.start(application, environment, timeout: 1, threads: 3, log: File::NULL)
    command = [RbConfig.ruby, '-W0', '-S', 'sidekiq', '-r', application, '-c', threads.to_s, '-q', 'default',
               '-t', timeout.to_s]
    Process.spawn(environment, *command, out: log, err: %i[child out])
  end

  # @param application [String] the file that a process loads
  # @param processes [Integer]
  # @param environment [Hash{String => String}]
  # @param random [Random]
  def initialize(application, processes:, environment:, log: File::NULL, random: Random.new(1))
    @application = application
    @environment = environment
    @random = random
    @log = log
    @kills = @resets = @lost_jobs = 0
    @pids = Array.new(processes) { start }
  end

  # Kills and repairs until every task is complete.
  #
  # @param kills [Integer] how many processes to kill
  # @param every [Range] seconds between two kills
  # @yieldreturn [Integer] how many tasks are not complete
  # @raise [RuntimeError] if they are not in time
  def work_through(kills:, every:, seconds:)
    deadline = now + seconds
    next_kill = now + @random.rand(every)
    until (open = yield).zero?
      raise "#{open} tasks are not complete after #{seconds} s" if now > deadline

      next_kill = now + @random.rand(every) if @kills < kills && now > next_kill && kill
      repair
      sleep 0.2
    end
  end

  def stop
    @pids.each do |pid|
      Process.kill(:KILL, pid)
      Process.wait(pid)
    end
  end

  private

  def start = self.class.start(@application, @environment, log: @log)

  # Of those that have begun to work; one that still boots holds nothing.
  def kill
    pid = (@pids & Ledger.pids).sample(random: @random)
    return unless pid

    Process.kill(:KILL, pid)
    Process.wait(pid)
    @pids[@pids.index(pid)] = start
    @kills += 1
  end

  def repair
    @resets += TaskerCore.reset_stuck(older_than: PATIENCE).steps.size
    return unless @last_repair.nil? || now - @last_repair > PATIENCE

    @last_repair = now
    enqueue_lost_jobs
  rescue TaskerCore::ConflictError, Statesman::TransitionConflictError
    # A worker was faster; the next round finds what is left.
    nil
  end

  # A job that its process took along: the task is pending, and nothing in Redis is
  # going to run it.
  def enqueue_lost_jobs
    return unless Sidekiq::Queue.new('default').size.zero?

    waiting = [*Sidekiq::ScheduledSet.new, *Sidekiq::RetrySet.new].map { |job| job.args.first['arguments'].first }
    pending = Tasker::Task.where(complete: [nil, false]).select { |task| task.status == 'pending' }
    (pending.map(&:task_id) - waiting).each do |id|
      Tasker::TaskRunnerJob.perform_later(id)
      @lost_jobs += 1
    end
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
