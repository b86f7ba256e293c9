# frozen_string_literal: true

module TaskerCore
  # Continues tasks in Rails as soon as a worker outside has finished a step, and starts tasks that
  # a program outside has created for Rails. It receives notifications from PostgreSQL and enqueues
  # each task once, however many steps have ended and however many listeners run. `rake
  # tasker_core:listen` runs a listener. Your own process can run one too:
  #
  #   listener = TaskerCore::Listener.start   # in a thread
  #   at_exit { listener.stop }
  #
  # A listener keeps one connection that is not in Active Record's pool. Without a listener, tasks
  # continue when the delayed job checks them (external_steps_recheck_seconds).
  class Listener
    # The channel that workers notify (go/store/external.go); the payload is the task's id.
    CHANNEL = 'tasker_core_finished'

    # The channel that create_task notifies for a task that Rails runs; the payload is the task's
    # id.
    CREATED = 'tasker_core_created'

    # How often every waiting task is checked, in case a notification was lost, in seconds.
    SWEEP_SECONDS = 60

    # The maximum number of tasks in one batch of notifications. Anyone may notify: if a batch names
    # more tasks, every waiting task is checked instead.
    MOST_HEARD = 1000

    # The maximum number of notifications in one batch.
    MOST_TAKEN = 10_000
    private_constant :MOST_HEARD, :MOST_TAKEN

    # The length of one wait for notifications, and so the longest time that a stop takes, in
    # seconds.
    PATIENCE = 0.5

    # Starts a listener in a thread of this process. A forked child has to start its own.
    #
    # @return [Listener]
    # @raise [EngineMissing] without the gem tasker-engine
    def self.start(...) = new(...).tap(&:start)

    # @param sweep_seconds [Numeric] how often every waiting task is checked
    # @param retry_seconds [Numeric] how long to wait before connecting again
    def initialize(sweep_seconds: SWEEP_SECONDS, retry_seconds: 1)
      @sweep_seconds = sweep_seconds
      @retry_seconds = retry_seconds
      @stopped = false
      @swept = nil
    end

    # Starts the thread.
    #
    # @return [void]
    # @raise [EngineMissing] without the gem tasker-engine
    def start
      Engine.demand('The listener')
      @thread = Thread.new { run }
    end

    # Stops the thread, or the #run of another thread.
    #
    # @return [void]
    def stop
      @stopped = true
      @thread&.join
    end

    # Listens until #stop is called. If the connection breaks, it connects again and checks every
    # waiting task.
    #
    # @return [void]
    # @raise [EngineMissing]
    def run
      Engine.demand('The listener')
      until @stopped
        begin
          listen
        rescue ActiveRecord::ActiveRecordError, PG::Error => e
          Rails.logger.error("TaskerCore: the listener for finished steps lost its connection: #{e.message}")
          sleep(@retry_seconds)
        end
      end
    end

    # Enqueues each of these tasks for which a run in Rails has work.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<Integer>] ids of the tasks that were enqueued
    def wake(task_ids)
      task_ids.select { |task_id| wrapped { Engine::Runner::ExternalWait.wake(task_id) } }
    end

    # Enqueues each of these tasks that was created for Rails and is waiting to be enqueued.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<Integer>] ids of the tasks that were enqueued
    def enqueue(task_ids)
      task_ids.select { |task_id| wrapped { Engine::Runner::CreatedTasks.enqueue(task_id) } }
    end

    # Checks every task that waits for Rails.
    #
    # @return [Array<Integer>] ids of the tasks that were enqueued
    def sweep
      @swept = monotonic
      wake(wrapped { waiting_for_steps } || []) + enqueue(wrapped { created } || [])
    end

    private

    def waiting_for_steps = waiting(Engine::Runner::ExternalWait, open_tasks)

    def created = waiting(Engine::Runner::CreatedTasks, open_tasks)

    # Limits the check to tasks that are not complete.
    def open_tasks = ::Tasker::Task.where(complete: false).select(:task_id)

    def waiting(kind, tasks) = kind.rows.where(task_id: tasks).order(:task_id).pluck(:task_id)

    def listen
      connection = checkout
      raw = connection.raw_connection
      [CREATED, CHANNEL].each { |channel| raw.exec("LISTEN #{channel}") }
      sweep
      until @stopped
        attend(heard(raw))
        sweep if monotonic - @swept > @sweep_seconds
      end
    ensure
      connection&.disconnect!
    end

    # A connection that only the listener uses: its LISTEN must not return to the pool.
    def checkout
      pool = ::Tasker::ApplicationRecord.connection_pool
      pool.checkout.tap do |connection|
        pool.remove(connection)
        connection.verify!
      end
    end

    # The notified tasks, each once; more than MOST_HEARD are not kept.
    def heard(raw)
      ids = Set.new
      patience = PATIENCE
      MOST_TAKEN.times do
        break unless raw.wait_for_notify(patience) { |_, _, payload| take(payload, ids) }

        patience = 0
      end
      ids
    end

    def take(payload, ids)
      id = payload.match?(/\A[1-9]\d{0,18}\z/) ? payload.to_i : 0
      ids << id if id.positive? && id < 2**63 && ids.size <= MOST_HEARD
    end

    # One query finds the tasks that are waiting, for a worker's step or to be started.
    def attend(ids)
      return if ids.empty?
      return sweep if ids.size > MOST_HEARD

      wake(wrapped { waiting(Engine::Runner::ExternalWait, ids.to_a) } || [])
      enqueue(wrapped { waiting(Engine::Runner::CreatedTasks, ids.to_a) } || [])
    end

    # One task that cannot be checked does not keep the others waiting.
    def wrapped(&)
      Rails.application ? Rails.application.executor.wrap(&) : yield
    rescue ActiveRecord::ConnectionNotEstablished, ActiveRecord::ConnectionFailed
      raise
    rescue StandardError => e
      Rails.logger.error("TaskerCore: a task that waits for a worker could not be checked: #{e.message}")
      nil
    end

    def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
