# frozen_string_literal: true

require_relative '../terminal'
require_relative 'picture'

module TaskerCore
  class Watch
    # Shows the progress of a task: redrawn in place on a terminal; elsewhere a picture at the start
    # and the end, and a line for each change in between.
    class View
      # The lines above and below the picture.
      FRAME = 3
      private_constant :FRAME

      # @param terminal [Terminal]
      def initialize(terminal)
        @terminal = terminal
        @began = now
      end

      # @param progress [TaskProgress]
      # @return [void]
      def show(progress)
        @picture ||= Picture.new(progress)
        @before = @progress
        @progress = progress
        @read = now
        @lost = nil
        @terminal.live? ? draw : say
      end

      # Advances the durations of running steps.
      #
      # @return [void]
      def tick = (draw if @progress && @terminal.live?)

      # Shows that the database does not answer.
      #
      # @param reason [String]
      # @return [void]
      def lost(reason)
        text = "no answer from the database: #{reason.lines.first.to_s.strip}"
        return if @lost == text

        @lost = text
        @terminal.live? && @progress ? draw : @terminal.say(text)
      end

      private

      def draw
        @terminal.draw([head, *picture, foot])
      end

      def picture
        @picture.lines(@progress, width: @terminal.width - 1, height: @terminal.height - FRAME,
                                  colour: @terminal.colour?, since: ((now - @read) * 1_000_000).round)
      end

      def head
        name = [@progress.namespace, @progress.name].reject { |part| part.to_s.empty? }.join('/')
        title = "task #{@progress.task_id} #{name} #{@progress.version}".strip
        state = "#{Row.words(@progress.state)}, #{@progress.done} of #{@progress.steps.size} steps done"
        Terminal::Text.fit("#{title}: #{state}", @terminal.width - 1)
      end

      def foot
        text = @lost || (@progress.ended? ? elapsed.strip : "#{elapsed.strip}; Ctrl-C quits, the task continues")
        Terminal::Text.fit(text, @terminal.width - 1)
      end

      def say
        whole unless @before
        changes.each { |line| @terminal.say(line) } if @before
        whole if @before && @progress.ended?
      end

      def whole
        @terminal.say(head)
        @picture.lines(@progress, width: @terminal.width).each { |line| @terminal.say("  #{line}") }
      end

      # @return [Array<String>] a line for each changed step, and for the task
      def changes
        before = @before.steps.to_h { |step| [step.workflow_step_id, step] }
        steps = @progress.steps.reject { |step| same?(step, before[step.workflow_step_id]) }
        lines = steps.map { |step| "#{elapsed}  #{Terminal::Text.fit(step.name, 200)}: #{facts(step)}" }
        return lines if @before.state == @progress.state

        [*lines, "#{elapsed}  task #{@progress.task_id}: #{Row.words(@progress.state)}"]
      end

      def same?(step, before) = before && step.state == before.state && step.attempts == before.attempts

      def facts(step)
        [Row.words(step.state), Row.attempt(step), Row.duration(step.duration_micros)].reject(&:empty?).join(', ')
      end

      def elapsed = format('%7.2f s', now - @began)

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
