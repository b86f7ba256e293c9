# frozen_string_literal: true

require_relative 'terminal'
require_relative 'watch/command'
require_relative 'watch/view'

# A task that somebody watches until it ends.
module TaskerCore
  # Shows one task until it ends: drawn anew whenever it changes on a terminal, with a line
  # for each change elsewhere. Where events come from other processes (event_relay) they tell
  # when to look; else it looks once a second, with one statement.
  class Watch
    # Between two looks where no event can come.
    SECONDS = 1.0
    # Between two looks where events come: should one have been lost.
    HEARD_SECONDS = 30
    # What comes at once is looked at together.
    GATHERED_SECONDS = 0.1
    # How long a database may be away.
    PATIENCE = 60
    # How often times go on where events tell of all else.
    TICK_SECONDS = 1
    private_constant :HEARD_SECONDS, :GATHERED_SECONDS, :PATIENCE, :TICK_SECONDS

    # @param client [Client]
    # @param task_id [Integer]
    # @param out [IO]
    # @param seconds [Numeric] see Client#watch
    # @raise [InvalidArgument]
    def initialize(client, task_id, out: $stdout, seconds: SECONDS)
      unless seconds.is_a?(Numeric) && seconds.between?(0.05, 3600)
        raise InvalidArgument.new("seconds is #{seconds.inspect}; it must be a number from 0.05 to 3600",
                                  code: 'invalid_argument')
      end

      @client = client
      @task_id = task_id
      @seconds = seconds
      @view = View.new(Terminal.new(out))
      @heard = Queue.new
    end

    # @return [TaskProgress, nil] how the task ended, nil for an unknown one
    # @raise [DatabaseError] where there is no answer for a minute
    def run
      subscription = @client.subscribe('*', task_id: @task_id) { |event| @heard << event.name }
      while (progress = read)
        @view.show(progress)
        break progress if progress.ended?

        rest
      end
    ensure
      subscription&.close
    end

    private

    # Asks until there is an answer: a server may be on its way back.
    def read
      began = now
      begin
        @client.task_progress(@task_id)
      rescue SchemaMissing
        raise
      rescue DatabaseError => e
        raise if now - began > PATIENCE

        @view.lost(e.message)
        sleep(@seconds)
        retry
      end
    end

    def rest
      return gather if @heard.pop(timeout: hearing? ? TICK_SECONDS : @seconds)

      ending = now + HEARD_SECONDS
      while hearing? && now < ending
        @view.tick
        return gather if @heard.pop(timeout: TICK_SECONDS)
      end
    end

    # Whether other processes' events come.
    def hearing? = @client.relay_stats[:listening]

    def gather
      sleep(GATHERED_SECONDS)
      @heard.clear
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # Watching a task, as an operation of a Client.
  class Client
    # Shows a task until it ends, or until an interrupt: see Watch.
    #
    #   client.watch(42)   # => "complete"
    #
    # @param task_id [Integer]
    # @param out [IO] a terminal, or where plain lines go
    # @param seconds [Numeric] between two looks where no event tells that something changed
    # @return [String, nil] the task's last state, nil for an unknown task
    # @raise [CycleError]
    # @raise [DatabaseError] where the database gives no answer for a minute
    def watch(task_id, out: $stdout, seconds: Watch::SECONDS)
      Watch.new(self, task_id, out:, seconds:).run&.state
    end
  end

  class << self
    # The same in a Rails application, on the connection of the engine's models.
    #
    # @see Client#watch
    def watch(task_id, out: $stdout, seconds: Watch::SECONDS) = engine_client('watch').watch(task_id, out:, seconds:)
  end
end
