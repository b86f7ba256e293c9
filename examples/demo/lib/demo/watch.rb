# frozen_string_literal: true

require_relative 'graph'

module Demo
  # Follows the steps of a task through the engine's events and shows them.
  class Watch
    STATES = { 'step.before_handle' => 'running', 'step.completed' => 'complete', 'step.failed' => 'error' }.freeze

    # Wider than this a graph is not easier to read.
    WIDTH = 64

    class << self
      # The watch that gets the events now.
      attr_accessor :current

      # Subscribes once; events of tasks that nobody watches are dropped.
      def subscribe
        publisher = Tasker::Events::Publisher.instance
        STATES.each { |name, state| publisher.subscribe(name) { |event| current&.see(event, state) } }
      end
    end

    # @param screen [Screen]
    # @param task [Tasker::Task]
    # @param levels [Array<Array<String>>]
    def initialize(screen, task, levels)
      @screen = screen
      @task_id = task.task_id
      @graph = Graph.new(levels)
      @states = levels.flatten.to_h { |name| [name, 'pending'] }
      @began = now
      @mutex = Mutex.new
    end

    # Shows the task while the block runs it.
    def during
      self.class.current = self
      @screen.say("  #{@graph}")
      draw if @screen.live?
      yield
    ensure
      self.class.current = nil
      finish
    end

    def see(event, state)
      return unless event[:task_id] == @task_id

      @mutex.synchronize do
        name = event[:step_name]
        next if @states[name] == state

        @states[name] = state
        @screen.live? ? draw : @screen.say(format('  %<at>5.2f s  %<name>s: %<state>s', at: elapsed, name:, state:))
      end
    end

    private

    def draw
      @screen.draw([*lines, format('  %<at>.2f s', at: elapsed)])
    end

    def finish
      @screen.live? ? draw : lines.each { |line| @screen.say(line) }
      @screen.say
    end

    def lines
      width = [@screen.width - 4, WIDTH].min
      @graph.lines(@states, width:, colour: @screen.colour?).map { |line| "  #{line}" }
    end

    def elapsed = now - @began
    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
