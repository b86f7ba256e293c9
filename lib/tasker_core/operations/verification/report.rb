# frozen_string_literal: true

module TaskerCore
  # The report of a verification.
  class Verification
    # The number of differences that are kept with their rows; the others are counted.
    MOST_KEPT = 100

    # The reason why a question was not compared; each reason is listed once.
    #
    # @!attribute [r] question
    #   @return [Symbol]
    # @!attribute [r] kind
    #   @return [Symbol] :late, :failed, :cycle or :engine_only
    # @!attribute [r] task_ids
    #   @return [Array<Integer>] the tasks of the question
    # @!attribute [r] text
    #   @return [String]
    Note = Data.define(:question, :kind, :task_ids, :text) do
      # @return [Boolean] whether the answer remains unknown
      def open? = %i[late failed].include?(kind)

      # @return [String] the note with advice
      def to_s
        about = task_ids.size == 1 ? "task #{task_ids.first}" : "#{task_ids.size} tasks (#{task_ids.first} ...)"
        "#{question}, #{about}: #{text}#{advice}"
      end

      private

      def advice
        kind == :late ? ". Give it longer (SECONDS=600), or leave it out (EXCEPT=#{question})" : ''
      end
    end

    Report = Data.define(:known, :finished, :tasks, :states, :answers, :different, :differences, :notes)

    # The results of a verification.
    #
    # @!attribute [r] known
    #   @return [Integer] the number of tasks to choose from
    # @!attribute [r] finished
    #   @return [Boolean] whether all chosen tasks were compared
    # @!attribute [r] tasks
    #   @return [Integer] the number of compared tasks
    # @!attribute [r] states
    #   @return [Hash{String => Integer}] the number of compared tasks by state
    # @!attribute [r] answers
    #   @return [Hash{Symbol => Integer}] the number of compared tasks by question
    # @!attribute [r] different
    #   @return [Integer] the number of differing answers
    # @!attribute [r] differences
    #   @return [Array<Difference>] the first differences
    # @!attribute [r] notes
    #   @return [Array<Note>] the questions that were not compared, with reasons
    class Report
      # @return [Boolean] whether both answered every question alike
      def safe? = verdict == :safe

      # @return [Symbol] :safe, :unsafe, or :unknown if too little was compared
      def verdict
        return :unsafe if different.positive?

        finished && tasks.positive? && notes.none?(&:open?) ? :safe : :unknown
      end

      # @return [Integer] 0 for safe, 1 for unsafe, 2 for unknown
      def exit_code = { safe: 0, unsafe: 1, unknown: 2 }.fetch(verdict)

      # @return [String] whether it is safe to go active, in one line
      def line
        case verdict
        when :safe then "Safe to go active: engine and core answer alike on #{compared}.#{cycles}"
        when :unsafe
          "NOT safe to go active: #{different == 1 ? '1 answer differs' : "#{different} answers differ"} " \
            "on #{compared}."
        else "Cannot tell whether it is safe to go active: #{reason}."
        end
      end

      # @return [String] the differences, the notes and the verdict
      def to_s
        more = different - differences.size
        [*differences, *("... and #{more} more" if more.positive?), *notes, line].join("\n")
      end

      # @return [Hash{Symbol => Object}] for logs, and for JSON
      def to_h
        super.merge(verdict:, line:, differences: differences.map(&:to_h), notes: notes.map(&:to_h))
      end

      private

      def compared
        in_states = states.sort_by { |_, count| -count }.map { |state, count| "#{count} #{state}" }
        "#{tasks} of #{known} tasks (#{in_states.join(', ')})#{left_out}"
      end

      def left_out
        names = answers.select { |_, count| count.zero? }.keys
        names.empty? ? '' : ", without #{names.join(', ')}"
      end

      def cycles
        count = notes.select { |note| note.kind == :cycle }.flat_map(&:task_ids).uniq.size
        count.zero? ? '' : " The dependencies of #{count} of them form a cycle."
      end

      def reason
        return 'there are no tasks to compare' if known.zero?
        return "it was stopped after #{tasks} tasks, which are answered alike" unless finished

        late = notes.select(&:open?).map(&:question).uniq
        late.empty? ? 'no task was compared' : "#{late.join(', ')} could not be compared for every task"
      end
    end
  end
end
