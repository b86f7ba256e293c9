# frozen_string_literal: true

module TaskerCore
  class Watch
    # The command bin/rails tasker_core:watch[42].
    class Command
      # The exit code for each final state.
      CODES = { 'complete' => 0, 'resolved_manually' => 0, 'error' => 1, 'cancelled' => 2 }.freeze
      # The exit code for an unknown task, and for an unreadable one.
      FAILED = 3
      # The exit code of shells for Ctrl-C.
      INTERRUPTED = 130

      # @param task_id [Integer]
      # @param out [IO]
      # @param err [IO]
      def initialize(task_id, out: $stdout, err: $stderr)
        @task_id = task_id
        @out = out
        @err = err
      end

      # @return [Integer] the exit code
      # @raise [EngineMissing] without the gem tasker-engine
      def run
        state = TaskerCore.watch(@task_id, out: @out)
        state ? CODES.fetch(state) : failed("There is no task #{@task_id}.")
      rescue EngineMissing
        raise
      rescue Error => e
        failed("Task #{@task_id} cannot be watched: #{e.message}")
      rescue Interrupt, Errno::EPIPE
        INTERRUPTED
      end

      private

      def failed(message)
        @err.puts(message)
        FAILED
      end
    end
  end
end
