# frozen_string_literal: true

require 'io/console'

module TaskerCore
  # The output of a command that shows progress: a terminal, where lines are redrawn in place, or a
  # pipe or file, where they follow each other.
  #
  # @api private
  class Terminal
    # The number of columns that a drawing needs.
    NARROWEST = 44
    # The size assumed for a pipe or a file.
    ELSEWHERE = [40, 100].freeze
    # The size assumed for a terminal that does not report its size.
    USUAL = [24, 80].freeze
    private_constant :ELSEWHERE, :USUAL

    # @param out [IO, StringIO]
    def initialize(out = $stdout)
      @out = out
      @drawn = 0
    end

    # @return [Boolean] whether lines can be redrawn in place; a terminal that is too narrow for a
    #   drawing gets plain lines too
    def live? = tty? && ENV['TERM'] != 'dumb' && width >= NARROWEST

    # @return [Boolean] see https://no-color.org
    def colour? = live? && !ENV.key?('NO_COLOR')

    # @return [Integer] the width in columns
    def width = size.last

    # @return [Integer] the height in lines
    def height = size.first

    # Writes a permanent line.
    #
    # @param line [String]
    # @return [void]
    def say(line = '')
      @drawn = 0
      @out.puts(line)
      @out.flush
    end

    # Redraws the lines of the last call.
    #
    # @param lines [Array<String>] none of them wider than the terminal
    # @return [void]
    def draw(lines)
      @out.print("\e[#{@drawn}A\e[J") if @drawn.positive?
      @out.puts(lines)
      @out.flush
      @drawn = lines.size
    end

    # Removes the lines of the last #draw.
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
