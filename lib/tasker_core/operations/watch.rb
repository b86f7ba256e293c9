# frozen_string_literal: true

require_relative 'terminal'
require_relative 'watch/command'
require_relative 'watch/view'

# Watches a task until it ends.
module TaskerCore
  # Shows one task until it ends: redrawn at each change on a terminal, with a line for each change
  # elsewhere. With event_relay, events of other processes tell when to read the task; otherwise it
  # is read once a second, with one statement.
  #
  # @api private
  class Watch
    # The interval between two reads without events, in seconds.
    SECONDS = 1.0
    # The interval between two reads with events, in case an event was lost, in seconds.
    HEARD_SECONDS = 30
    # The time for which changes are gathered before a read, in seconds.
    GATHERED_SECONDS = 0.1
    # How long the database may be unreachable, in seconds.
    PATIENCE = 60
    # The interval at which durations advance while events announce changes, in seconds.
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

    # @return [TaskProgress, nil] the task's progress at its end; nil for an unknown task
    # @raise [DatabaseError] if the database does not answer for a minute
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

    # Asks until there is an answer, because a server may be restarting.
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

    # Whether events of other processes arrive.
    def hearing? = @client.relay_stats[:listening]

    def gather
      sleep(GATHERED_SECONDS)
      @heard.clear
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # The client's operation that watches a task.
  class Client
    # Shows a task until it ends or until an interrupt.
    #
    #   client.watch(42)   # => "complete"
    #
    # @param task_id [Integer]
    # @param out [IO] a terminal, or the destination of plain lines
    # @param seconds [Numeric] the interval between two reads when no events announce changes
    # @return [String, nil] the task's last state; nil for an unknown task
    # @raise [CycleError] if the dependencies form a cycle
    # @raise [DatabaseError] if the database does not answer for a minute
    def watch(task_id, out: $stdout, seconds: Watch::SECONDS)
      Watch.new(self, task_id, out:, seconds:).run&.state
    end
  end

  class << self
    # Does the same in a Rails application, on the connection of the engine's models.
    #
    # @see Client#watch
    def watch(task_id, out: $stdout, seconds: Watch::SECONDS) = engine_client('watch').watch(task_id, out:, seconds:)
  end
end
