# frozen_string_literal: true

require 'io/console'

module Demo
  # Standard output: redrawn in place on a terminal, plain lines elsewhere.
  class Screen
    NARROWEST = 44

    def initialize(out = $stdout)
      @out = out
      @drawn = 0
    end

    # A terminal that is too narrow for a graph gets plain lines, too.
    def live? = @out.tty? && ENV['TERM'] != 'dumb' && width >= NARROWEST
    def colour? = live? && !ENV.key?('NO_COLOR')

    # @return [Integer] columns; a pipe has as many as a line of text needs
    def width
      return 100 unless @out.tty?

      columns = @out.winsize.last
      columns.positive? ? columns : 80
    end

    def say(line = '')
      @drawn = 0
      @out.puts(line)
      @out.flush
    end

    # Draws lines over those that were drawn last.
    def draw(lines)
      @out.print("\e[#{@drawn}A\e[J") if @drawn.positive?
      @out.puts(lines)
      @out.flush
      @drawn = lines.size
    end
  end
end
