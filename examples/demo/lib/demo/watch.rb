# frozen_string_literal: true

module Demo
  # Shows a task while this process runs it, as bin/rails tasker_core:watch does from another
  # one: here the engine's own events tell when to look.
  class Watch
    EVENTS = %w[step.before_handle step.completed step.failed].freeze

    class << self
      # The watch that gets the events now.
      attr_accessor :current

      # Subscribes once; events of tasks that nobody watches are dropped.
      def subscribe
        publisher = Tasker::Events::Publisher.instance
        EVENTS.each { |name| publisher.subscribe(name) { |event| current&.see(event) } }
      end
    end

    # @param terminal [TaskerCore::Terminal]
    # @param task [Tasker::Task]
    def initialize(terminal, task)
      @terminal = terminal
      @task_id = task.task_id
      @view = TaskerCore::Watch::View.new(terminal)
      @heard = Thread::Queue.new
    end

    # Shows the task while the block runs it.
    def during
      self.class.current = self
      look
      looking = Thread.new { look while @heard.pop }
      yield
    ensure
      self.class.current = nil
      @heard.close
      looking&.join
      look
      @terminal.say
    end

    def see(event) = (@heard << true if event[:task_id] == @task_id)

    private

    # On a connection of its own: what is not committed is nobody's to see.
    def look
      Tasker::ApplicationRecord.connection_pool.with_connection do |connection|
        @view.show(TaskerCore.on(connection).task_progress(@task_id))
      end
    end
  end
end
