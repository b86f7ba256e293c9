# frozen_string_literal: true

require 'io/console'

module TaskerCore
  # Where somebody looks at what goes on: lines are drawn over each other on a terminal,
  # and come one below the other elsewhere.
  class Terminal
    # Columns that a drawing needs.
    NARROWEST = 44
    # What a pipe or a file has.
    ELSEWHERE = [40, 100].freeze
    # What a terminal has that does not tell its size.
    USUAL = [24, 80].freeze
    private_constant :ELSEWHERE, :USUAL

    # @param out [IO, StringIO]
    def initialize(out = $stdout)
      @out = out
      @drawn = 0
    end

    # @return [Boolean] whether lines can be drawn over each other; a terminal that is too
    #   narrow for a drawing gets plain lines, too
    def live? = tty? && ENV['TERM'] != 'dumb' && width >= NARROWEST

    # @return [Boolean] see https://no-color.org
    def colour? = live? && !ENV.key?('NO_COLOR')

    # @return [Integer] columns
    def width = size.last

    # @return [Integer] lines
    def height = size.first

    # Writes a line that stays.
    #
    # @param line [String]
    # @return [void]
    def say(line = '')
      @drawn = 0
      @out.puts(line)
      @out.flush
    end

    # Draws lines over those that were drawn last.
    #
    # @param lines [Array<String>] none of them wider than the terminal
    # @return [void]
    def draw(lines)
      @out.print("\e[#{@drawn}A\e[J") if @drawn.positive?
      @out.puts(lines)
      @out.flush
      @drawn = lines.size
    end

    # Takes away what was drawn last.
    #
    # @return [void]
    def clear
      @out.print("\e[#{@drawn}A\e[J") if @drawn.positive?
      @out.flush
      @drawn = 0
    end

    private

    def tty? = @out.respond_to?(:tty?) && @out.tty?

    def size
      return ELSEWHERE unless tty?

      lines, columns = @out.winsize
      [lines.positive? ? lines : USUAL[0], columns.positive? ? columns : USUAL[1]]
    rescue SystemCallError, NoMethodError
      USUAL
    end
  end
end
