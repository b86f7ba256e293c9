# frozen_string_literal: true

module TaskerCore
  # Continues tasks in Rails as soon as a worker outside has finished a step, and begins
  # those that a program outside has made for Rails: it hears of them from PostgreSQL and
  # enqueues each, once however many steps ended and however many listeners there are.
  # `rake tasker_core:listen` runs one; a process of your own can, too:
  #
  #   listener = TaskerCore::Listener.start   # in a thread
  #   at_exit { listener.stop }
  #
  # It keeps one connection of its own beside the pool's. Without any listener tasks
  # go on when the delayed job looks (external_steps_recheck_seconds).
  class Listener
    # What workers notify (go/store/external.go); the payload is the task's id.
    CHANNEL = 'tasker_core_finished'

    # What create_task notifies for a task that Rails is to run; likewise.
    CREATED = 'tasker_core_created'

    # How often every waiting task is looked at, should a word have been lost.
    SWEEP_SECONDS = 60

    # How many tasks are looked at for what was heard at once. Anybody may notify: where
    # more are named, every waiting task is looked at instead.
    MOST_HEARD = 1000

    # How many notifications are taken before what they say is looked at.
    MOST_TAKEN = 10_000
    private_constant :MOST_HEARD, :MOST_TAKEN

    # How long a wait for notifications lasts, and so how long a stop may take.
    PATIENCE = 0.5

    # Runs one in a thread of this process; a forked child has to start its own.
    #
    # @return [Listener]
    def self.start(...) = new(...).tap(&:start)

    # @param sweep_seconds [Numeric]
    # @param retry_seconds [Numeric] how long to wait before it connects again
    def initialize(sweep_seconds: SWEEP_SECONDS, retry_seconds: 1)
      @sweep_seconds = sweep_seconds
      @retry_seconds = retry_seconds
      @stopped = false
      @swept = nil
    end

    # @return [void]
    # @raise [EngineMissing] without the gem tasker-engine
    def start
      Engine.demand('The listener')
      @thread = Thread.new { run }
    end

    # Ends the thread, or the #run of another.
    #
    # @return [void]
    def stop
      @stopped = true
      @thread&.join
    end

    # Listens until it is stopped. A connection that breaks is replaced, and every
    # waiting task looked at then.
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

    # Enqueues each of the tasks that a run in Rails has something to do for.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<Integer>] those that were enqueued
    def wake(task_ids)
      task_ids.select { |task_id| wrapped { Engine::Runner::ExternalWait.wake(task_id) } }
    end

    # Enqueues each of the tasks that were made outside for Rails and wait for it.
    #
    # @param task_ids [Array<Integer>]
    # @return [Array<Integer>] those that were enqueued
    def enqueue(task_ids)
      task_ids.select { |task_id| wrapped { Engine::Runner::CreatedTasks.enqueue(task_id) } }
    end

    # Looks at every task that waits for Rails.
    #
    # @return [Array<Integer>] those that were enqueued
    def sweep
      @swept = monotonic
      wake(wrapped { waiting_for_steps } || []) + enqueue(wrapped { created } || [])
    end

    private

    def waiting_for_steps = waiting(Engine::Runner::ExternalWait, open_tasks)

    def created = waiting(Engine::Runner::CreatedTasks, open_tasks)

    # However many are done, only these are looked at.
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

    # A connection that is the listener's alone: its LISTEN must not go back to the pool.
    def checkout
      pool = ::Tasker::ApplicationRecord.connection_pool
      pool.checkout.tap do |connection|
        pool.remove(connection)
        connection.verify!
      end
    end

    # The tasks of what has been notified, each once; more than MOST_HEARD are not kept.
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

    # A query tells which of them wait at all: for what is done elsewhere, and to begin.
    def attend(ids)
      return if ids.empty?
      return sweep if ids.size > MOST_HEARD

      wake(wrapped { waiting(Engine::Runner::ExternalWait, ids.to_a) } || [])
      enqueue(wrapped { waiting(Engine::Runner::CreatedTasks, ids.to_a) } || [])
    end

    # A task that cannot be looked at does not keep the others waiting.
    def wrapped(&)
      Rails.application ? Rails.application.executor.wrap(&) : yield
    rescue ActiveRecord::ConnectionNotEstablished, ActiveRecord::ConnectionFailed
      raise
    rescue StandardError => e
      Rails.logger.error("TaskerCore: a task that waits for a worker could not be looked at: #{e.message}")
      nil
    end

    def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
