# frozen_string_literal: true

require_relative 'private_redis'
require_relative 'side'
begin
  require 'sidekiq'
  require 'sidekiq/api'
rescue LoadError
  abort 'The gem sidekiq is not here.'
end

# What makes tasks and enqueues them for Sidekiq: the engine, in the bench's own process, without
# the core.
module SidekiqClient
  module_function

  # @yield with Redis at hand
  def open(&)
    Side.load_stand_in(IO::NULL) unless World.engine?
    Sidekiq.default_configuration.logger.level = Logger::WARN
    ActiveJob::Base.logger = nil
    TaskerCore.configure do |config|
      TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", :off) }
    end
    OrchestrationBench::Workflows.define
    with_redis(&)
  end

  def with_redis
    PrivateRedis.open do |url|
      ENV['REDIS_URL'] = url
      yield
    end
  end

  # Forgets all jobs, and makes new tasks that are not enqueued.
  #
  # @return [Array<Integer>] their ids
  def tasks(workflow, count)
    Sidekiq.redis { |redis| redis.call('FLUSHALL') }
    ActiveJob::Base.queue_adapter = :test
    Array.new(count) { OrchestrationBench::Workflows.create(workflow).task_id }
  end

  # All of them at once.
  def enqueue(ids)
    ActiveJob::Base.queue_adapter = :sidekiq
    ActiveJob.perform_all_later(ids.map { |id| Tasker::TaskRunnerJob.new(id) })
  end

  # Waits until the tasks are complete, or for so many seconds.
  def wait_for(ids, seconds)
    limit = clock + seconds
    sleep 0.2 until Tasker::Task.where(task_id: ids, complete: true).count == ids.size || clock > limit
  end

  # Waits until as many processes have started.
  #
  # @raise [RuntimeError] if that takes longer than a minute
  def wait_for_processes(count)
    limit = clock + 60
    until Sidekiq::ProcessSet.new.size == count
      raise "of #{count} Sidekiq processes #{Sidekiq::ProcessSet.new.size} have started" if clock > limit

      sleep 0.2
    end
  end

  def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
