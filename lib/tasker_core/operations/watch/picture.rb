# frozen_string_literal: true

require_relative '../terminal/text'
require_relative 'lanes'
require_relative 'row'

module TaskerCore
  class Watch
    # A task as lines of text: one line per step, with its dependencies, state, attempts and
    # duration. Many steps with the same parents and the same children share one line.
    class Picture
      # The number of equal steps from which they share a line.
      ALIKE = 5
      # The share of the width that lanes may take.
      LANES = 0.5
      # The lines that remain below the head and above the foot.
      LEAST = 3
      # The lines above the first unfinished step.
      CONTEXT = 2
      private_constant :ALIKE, :LANES, :LEAST, :CONTEXT

      # @param progress [TaskProgress] of a task; its steps and edges do not change
      def initialize(progress)
        steps = progress.steps.sort_by { |step| [step.level, step.workflow_step_id] }
        @groups = groups(steps)
        @parent_ids = steps.to_h { |step| [step.workflow_step_id, step.parent_step_ids] }
        @lanes = Lanes.of(parents)
      end

      # @param progress [TaskProgress]
      # @param width [Integer] columns, at least 44
      # @param height [Integer] lines; finished and waiting steps are left out if they do not fit
      # @param colour [Boolean]
      # @param since [Integer] microseconds since the progress was read
      # @return [Array<String>] none wider than width
      def lines(progress, width:, height: 10_000, colour: false, since: 0)
        rows = rows(progress, since)
        names = progress.steps.map { |step| Terminal::Text.columns(step.name) }.max
        first, last = window(rows, [height, LEAST].max)
        shown = (first..last).map do |place|
          rows[place].line(lanes(@groups[place].first, width), lanes_width(width), width, colour, names:)
        end
        [*more(first, 'above'), *shown, *more(rows.size - 1 - last, 'below')]
      end

      private

      def rows(progress, since)
        steps = progress.steps.to_h { |step| [step.workflow_step_id, step] }
        @groups.map { |ids| Row.new(steps.values_at(*ids), since) }
      end

      # Groups steps that differ only by name, in the order of the steps.
      def groups(steps)
        children = children(steps)
        alike = steps.group_by { |step| [step.level, step.parent_step_ids, children[step.workflow_step_id]] }
        ids = alike.values.map { |group| group.map(&:workflow_step_id) }
        ids.flat_map { |group| group.size < ALIKE ? group.zip : [group] }
      end

      def children(steps)
        pairs = steps.flat_map { |step| step.parent_step_ids.map { |id| [id, step.workflow_step_id] } }
        pairs.group_by(&:first)
             .transform_values { |of_one| of_one.map(&:last) }
      end

      def parents
        first = @groups.flat_map { |ids| ids.map { |id| [id, ids.first] } }.to_h
        @groups.to_h { |ids| [ids.first, @parent_ids.fetch(ids.first).map { |id| first.fetch(id) }.uniq] }
      end

      def lanes_width(width)
        @lanes_width ||= @lanes.values.map(&:width).max || 1
        @lanes_width <= width * LANES ? @lanes_width : 1
      end

      # No lanes are drawn if they would take too much room.
      def lanes(id, width) = lanes_width(width) == 1 ? Lanes::Line.new('', '') : @lanes.fetch(id)

      # @return [Array(Integer, Integer)] the first and the last row to show
      def window(rows, height)
        return [0, rows.size - 1] if rows.size <= height

        open = rows.index { |row| !row.done? } || rows.size
        first = (open - CONTEXT).clamp(0, rows.size - height)
        first += 1 if first.positive?
        last = first + height - (first.positive? ? 2 : 1)
        [first, last < rows.size - 1 ? last - 1 : rows.size - 1]
      end

      def more(count, where) = count.positive? ? ["⋮ #{count} more #{where}"] : []
    end
  end
end
