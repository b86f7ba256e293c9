# frozen_string_literal: true

require_relative '../terminal'

module TaskerCore
  class Terminal
    # A progress bar with the remaining time: a bar on a terminal, an occasional line elsewhere.
    class Bar
      # The width of the bar in columns.
      WIDTH = 24
      # The time between two drawings, and between two lines, in seconds.
      DRAWN_SECONDS = 0.1
      SAID_SECONDS = 30
      private_constant :WIDTH, :DRAWN_SECONDS, :SAID_SECONDS

      # @param terminal [Terminal]
      # @param what [String] the things that are counted, such as "tasks"
      # @param total [Integer] their number
      def initialize(terminal, what, total)
        @terminal = terminal
        @what = what
        @total = total
        @began = now
        @shown = terminal.live? ? 0 : @began
      end

      # @param done [Integer] the number that is done
      # @param doing [String, nil] the current activity
      # @return [void]
      def show(done, doing = nil)
        return if now - @shown < (@terminal.live? ? DRAWN_SECONDS : SAID_SECONDS)

        @shown = now
        text = line(done, doing)
        @terminal.live? ? @terminal.draw([text]) : @terminal.say(text)
      end

      # Removes the bar.
      #
      # @return [void]
      def close = (@terminal.clear if @terminal.live?)

      private

      def line(done, doing)
        share = @total.zero? ? 1.0 : done.fdiv(@total)
        text = "#{bar(share)}#{(share * 100).floor.to_s.rjust(3)} %  #{grouped(done)} of #{grouped(@total)} #{@what}"
        text = [text, left(done), doing].compact.join(', ')
        text.size > @terminal.width - 1 ? "#{text[0, @terminal.width - 2]}…" : text
      end

      def bar(share)
        return '' unless @terminal.live?

        full = (share * WIDTH).floor
        "#{'█' * full}#{'░' * (WIDTH - full)} "
      end

      # Estimates the remaining time from the average so far.
      def left(done)
        return if done.zero? || done >= @total

        seconds = ((now - @began) / done * (@total - done)).ceil
        minutes, seconds = seconds.divmod(60)
        hours, minutes = minutes.divmod(60)
        return "#{hours} h #{minutes} min left" if hours.positive?

        minutes.positive? ? "#{minutes} min #{seconds} s left" : "#{seconds} s left"
      end

      def grouped(number) = number.to_s.gsub(/(?<=\d)(?=(\d{3})+\z)/, ',')

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
