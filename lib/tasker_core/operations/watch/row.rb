# frozen_string_literal: true

require_relative '../terminal/text'

module TaskerCore
  class Watch
    # A line of a Picture: a step, or several equal steps.
    class Row
      SIGNS = { 'pending' => '○', 'in_progress' => '◐', 'complete' => '●', 'resolved_manually' => '◉', 'error' => '✗',
                'cancelled' => '⊘' }.freeze
      COLOURS = { 'pending' => 90, 'in_progress' => 33, 'complete' => 32, 'resolved_manually' => 36, 'error' => 31,
                  'cancelled' => 35 }.freeze
      # The displayed words for states.
      WORDS = { 'in_progress' => 'in progress', 'resolved_manually' => 'resolved' }.freeze
      STATE = 11
      ATTEMPT = 13
      DURATION = 9
      # The columns of a name; less important columns are dropped first.
      NAME = 14
      # The columns between two fields.
      GAP = 2
      private_constant :STATE, :ATTEMPT, :DURATION, :NAME, :GAP

      class << self
        # @param state [String]
        # @return [String]
        def sign(state) = SIGNS.fetch(state, '?')

        # @param state [String]
        # @return [String] the displayed word
        def words(state) = WORDS.fetch(state, state)

        # @param step [StepProgress]
        # @return [String] the current attempt; "" before the first
        def attempt(step)
          number = step.state == 'in_progress' ? step.attempts + 1 : step.attempts
          return '' unless number.positive?

          step.retry_limit ? "attempt #{number}/#{step.retry_limit}" : "attempt #{number}"
        end

        # @param micros [Integer, nil]
        # @return [String] rounded for display
        def duration(micros)
          return '' unless micros

          seconds = micros / 1_000_000
          return "#{micros / 1000} ms" if seconds.zero?
          return format('%.2f s', micros / 1_000_000.0) if seconds < 60
          return "#{seconds / 60} m #{seconds % 60} s" if seconds < 3600

          return "#{seconds / 3600} h #{seconds % 3600 / 60} m" if seconds < 86_400

          "#{seconds / 86_400} d #{seconds % 86_400 / 3600} h"
        end
      end

      # @param steps [Array<StepProgress>] one step, or several equal ones
      # @param since [Integer] microseconds since they were read
      def initialize(steps, since)
        @steps = steps
        @since = since
      end

      # @return [Boolean] whether all steps of this line are done
      def done? = @steps.all? { |step| %w[complete resolved_manually].include?(step.state) }

      # @param lanes [Lanes::Line]
      # @param lanes_width [Integer] the width of the widest lanes
      # @param width [Integer] the available columns
      # @param colour [Boolean]
      # @param names [Integer] the columns of the longest name
      # @return [String]
      def line(lanes, lanes_width, width, colour, names:)
        room = width - lanes_width - 1
        text = @steps.size == 1 ? one(room, names) : many(room, colour)
        lead = "#{dim(lanes.before, colour)}#{painted(state, Row.sign(state), colour)}#{dim(lanes.after, colour)}"
        "#{lead}#{' ' * (lanes_width - lanes.width + 1)}#{text}"
      end

      private

      # For several steps, the most important of their states.
      def state
        states = @steps.map(&:state)
        %w[error in_progress cancelled].find { |state| states.include?(state) } ||
          (states.uniq.size == 1 ? states.first : (states - %w[complete resolved_manually]).first || 'complete')
      end

      def one(room, names)
        cells = cells(@steps.first)
        cells.delete_at(cells.size > 2 ? 1 : 0) while cells.any? && room - taken(cells) < NAME
        left = [room - taken(cells), names].min
        name = Terminal::Text.pad(Terminal::Text.fit(@steps.first.name, left), left)
        [name, *cells.map { |text, width| (' ' * GAP) + text.ljust(width) }].join.rstrip
      end

      def cells(step)
        [[Row.words(step.state), STATE], [Row.attempt(step), ATTEMPT], [Row.duration(micros(step)), DURATION]]
      end

      def taken(cells) = cells.sum { |_, width| width + GAP }

      def micros(step)
        step.duration_micros && (step.state == 'in_progress' ? step.duration_micros + @since : step.duration_micros)
      end

      # Shows their signs if they fit, otherwise the number in each state.
      def many(room, colour)
        name = Terminal::Text.fit("#{@steps.size} × #{@steps.first.name} … #{@steps.last.name}", room / 2)
        left = room - Terminal::Text.columns(name) - GAP
        signs = @steps.size <= left ? @steps.map { |step| paint(step.state, colour) }.join : counted(left)
        "#{name}#{' ' * GAP}#{signs}"
      end

      def counted(room)
        counts = @steps.map(&:state).tally.map { |state, count| "#{count} #{Row.sign(state)}" }
        Terminal::Text.fit(counts.join(' '), room)
      end

      def paint(state, colour) = painted(state, Row.sign(state), colour)

      def painted(state, text, colour) = colour ? "\e[#{COLOURS.fetch(state, 35)}m#{text}\e[0m" : text

      def dim(text, colour) = colour && !text.strip.empty? ? "\e[90m#{text}\e[0m" : text
    end
  end
end
