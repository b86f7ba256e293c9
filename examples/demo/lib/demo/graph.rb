# frozen_string_literal: true

module Demo
  # A workflow as lines of text: one line a level, each node with the sign of its
  # state, and between two levels who leads to whom. Each level of the demo's
  # workflows needs the whole level above it, so one line joins them.
  class Graph
    SIGNS = { 'pending' => '○', 'running' => '◐', 'complete' => '●', 'error' => '✗' }.freeze
    COLOURS = { 'pending' => 90, 'running' => 33, 'complete' => 32, 'error' => 31 }.freeze
    GAP = 2
    # Characters for the left end, the middle and the right end of a bar, by
    # whether something comes from above and leads below.
    JOINTS = { [true, true] => '├┼┤', [true, false] => '└┴┘', [false, true] => '┌┬┐', [false, false] => '───' }.freeze

    # @param levels [Array<Array<String>>] names of steps, roots first
    def initialize(levels)
      @levels = levels
    end

    # @return [String] the levels in one line
    def to_s
      @levels.map { |level| level.size > 3 ? "#{level.first} … #{level.last}" : level.join(' + ') }.join(' → ')
    end

    # @param states [Hash{String => String}] by name of step
    # @param width [Integer] columns there are
    # @param colour [Boolean]
    # @return [Array<String>] never wider than width, where that is at least 40
    def lines(states, width:, colour: false)
      @levels.each_with_index.flat_map do |level, depth|
        node_line = nodes(level, states, width, colour)
        depth.zero? ? [node_line] : [joint(@levels[depth - 1], level, width), node_line]
      end
    end

    private

    # Names where they fit, else signs alone and what the row is about.
    def labelled?(level, width) = level.sum { |name| name.size + 2 + GAP } - GAP <= width

    def step_width(level, width) = labelled?(level, width) ? level.map(&:size).max + 2 + GAP : 1 + GAP

    # Where the signs of a level stand, the level centred.
    def columns(level, width)
      step = [step_width(level, width), width / level.size].min
      first = (width / 2) - (step * (level.size - 1) / 2)
      Array.new(level.size) { |place| first + (place * step) }
    end

    def nodes(level, states, width, colour)
      line = +''
      taken = 0
      level.zip(columns(level, width)) do |name, column|
        line << (' ' * [column - taken, 0].max) << sign(states.fetch(name, 'pending'), colour)
        taken = column + 1
        next unless labelled?(level, width)

        line << " #{name}"
        taken += name.size + 1
      end
      line
    end

    def sign(state, colour)
      colour ? "\e[#{COLOURS.fetch(state)}m#{SIGNS.fetch(state)}\e[0m" : SIGNS.fetch(state)
    end

    # The line between two levels: a bar as wide as both, open to each node.
    def joint(above, below, width)
      up = columns(above, width)
      down = columns(below, width)
      first, last = (up + down).minmax
      return "#{' ' * first}│" if first == last

      bar = (first..last).map { |x| JOINTS.fetch([up.include?(x), down.include?(x)])[end_of_bar(x, first, last)] }
      (' ' * first) + bar.join
    end

    def end_of_bar(column, first, last) = { first => 0, last => 2 }.fetch(column, 1)
  end
end
