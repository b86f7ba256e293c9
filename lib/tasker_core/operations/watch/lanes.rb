# frozen_string_literal: true

module TaskerCore
  class Watch
    # Draws the dependencies, one line per node: each node has a lane that goes down to the last of
    # its children, and a child's line is joined to the lanes of its parents.
    #
    #   ● fetch
    #   ├─● clean
    #   ● │ check
    #   ●─╯ store
    #
    # A sign directly below another sign in the same column depends on it. A lane that only passes
    # is not joined.
    class Lanes
      # The parts of a line before and after the node's sign.
      Line = Struct.new(:before, :after) do
        # @return [Integer] the width in columns, including the sign
        def width = before.size + 1 + after.size
      end

      # The characters of joined lanes: at the left end, in the middle, at the right end; first if
      # the lane continues below, then if it does not.
      JOINED = { true => %w[├ ┼ ┤], false => %w[╰ ┴ ╯] }.freeze
      private_constant :JOINED

      # @param parents [Hash{Object => Array<Object>}] the parents of each node, in the order of the
      #   lines: parents come before their children
      # @return [Hash{Object => Line}]
      def self.of(parents) = new(parents).lines

      # @param parents [Hash{Object => Array<Object>}]
      def initialize(parents)
        @parents = parents
        @left = parents.values.flatten.tally
        # The node of each lane, by column.
        @lanes = []
        @above = nil
      end

      # @return [Hash{Object => Line}]
      def lines = @parents.to_h { |node, above| [node, line(node, above)] }

      private

      def line(node, above)
        above.each { |parent| @left[parent] -= 1 }
        joined = above.map { |parent| @lanes.index(parent) }
        ended = joined.reject { |column| goes_on?(column) }
        column = ended.min || free(joined.min)
        drawn = draw(column, joined)
        ended.each { |ending| @lanes[ending] = nil }
        @lanes[column] = node if @left.fetch(node, 0).positive?
        @above = column
        drawn
      end

      def goes_on?(column) = @left[@lanes[column]].positive?

      # Not below a sign that it does not depend on.
      def free(first)
        column = first ? first + 1 : 0
        column += 1 while @lanes[column] || column == @above
        column
      end

      def draw(column, joined)
        ends = [column, *joined].minmax
        last = [@lanes.rindex(&:itself) || 0, column].max
        cells = (0..last).map { |place| place == column ? nil : cell(place, joined, ends) }
        Line.new(text(cells[0...column], 0, ends, true), text(cells[(column + 1)..], column + 1, ends, false).rstrip)
      end

      def cell(place, joined, ends)
        return joint(place, ends) if joined.include?(place)
        return '│' if @lanes[place]

        place.between?(*ends) ? '─' : ' '
      end

      def joint(place, ends)
        at = { ends.first => 0, ends.last => 2 }.fetch(place, 1)
        JOINED.fetch(goes_on?(place))[at]
      end

      # The cells and the connections between them.
      def text(cells, first, ends, behind)
        cells.each_with_index.map do |cell, index|
          place = first + index
          gap = behind ? place : place - 1
          between = gap >= ends.first && gap < ends.last ? '─' : ' '
          behind ? cell + between : between + cell
        end.join
      end
    end
  end
end
