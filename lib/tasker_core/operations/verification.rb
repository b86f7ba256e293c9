# frozen_string_literal: true

require_relative '../engine/engine'
require_relative 'terminal/bar'
require_relative 'verification/question'
require_relative 'verification/selection'
require_relative 'verification/comparison'
require_relative 'verification/report'

# Verifies that the engine and the core answer alike on the application's own tasks.
module TaskerCore
  class << self
    # Asks the engine and the core the same questions about the application's own tasks, and
    # compares the answers. It checks at once, for everything in the database, what shadow mode
    # checks while an application runs. It only reads, in read-only transactions.
    #
    #   report = TaskerCore.verify(sample: 500, newer_than: 7.days)
    #   report.safe?   # => true
    #   puts report
    #
    # @param (see Verification#initialize)
    # @return [Verification::Report]
    # @raise [InvalidArgument] if an argument is invalid
    # @raise [EngineMissing] without the gem tasker-engine
    # @raise [Unavailable] if this process has no native library
    # @raise [ActiveRecord::ActiveRecordError] if the database cannot be read at all
    def verify(...) = Verification.new(...).run
  end

  # A comparison of the engine's answers with the core's.
  class Verification
    # The default number of tasks.
    SAMPLE = 1000
    # The default time limit of one answer, in seconds.
    SECONDS = 60
    # The number of tasks per question, where the engine has a method for many tasks.
    TOGETHER = 1000
    # The number of timeouts after which a question is left out.
    PATIENCE = 2
    private_constant :TOGETHER, :PATIENCE

    # @param sample [Integer, Symbol] the number of tasks, drawn evenly from all states, or :all
    # @param states [Array<String, Symbol>, nil] only tasks in these states
    # @param older_than [Numeric, ActiveSupport::Duration, nil] only tasks created before this age,
    #   in seconds
    # @param newer_than [Numeric, ActiveSupport::Duration, nil] only tasks created after this age,
    #   in seconds
    # @param task_ids [Array<Integer>, nil] only these tasks
    # @param only [Array<Symbol>, nil] only these questions; docs/VERIFYING.md lists them
    # @param except [Array<Symbol>] not these questions
    # @param seconds [Numeric] the time limit of one answer
    # @param seed [Integer] seeds the random choice of tasks
    # @param progress [IO, nil] where to show the progress
    # @raise [InvalidArgument] if an argument is invalid
    # @raise [EngineMissing] without the gem tasker-engine
    def initialize(sample: SAMPLE, states: nil, older_than: nil, newer_than: nil, task_ids: nil, only: nil, except: [],
                   seconds: SECONDS, seed: 0, progress: nil)
      Engine.demand('verify')
      @selection = Selection.new(sample:, states:, older_than:, newer_than:, task_ids:, seed:)
      @questions = Question.choose(only, except)
      @comparison = Comparison.new(seconds)
      @progress = progress
      @tally = Tally.new(@questions)
    end

    # Compares all chosen tasks.
    #
    # @return [Report]
    def run
      TaskerCore::Library.load!
      @tally.known = @selection.count
      @bar = Terminal::Bar.new(Terminal.new(@progress), 'tasks', @selection.total) if @progress
      @selection.each_slice(TOGETHER) { |states| slice(states) }
      @tally.finished = true
      report
    ensure
      @bar&.close
    end

    # @return [Report] the comparison so far, also after an interrupt
    def report = @tally.report

    private

    # @param states [Hash{Integer => String}] by task
    def slice(states)
      together, single = @questions.partition(&:together?)
      together.each { |question| ask(question, states.keys) }
      states.each do |task_id, state|
        single.each { |question| ask(question, [task_id]) }
        @tally.compared(state)
      end
    end

    def ask(question, task_ids)
      return if @tally.left_out?(question)

      @bar&.show(@tally.tasks, question.name)
      @tally.note(question, task_ids, @comparison.of(question, task_ids))
    end

    # The results so far.
    #
    # @api private
    class Tally
      # @return [Integer] the number of tasks that could be chosen
      attr_accessor :known

      # @return [Boolean] whether all chosen tasks were compared
      attr_accessor :finished

      # @return [Integer] the number of compared tasks
      attr_reader :tasks

      # @param questions [Array<Question>]
      def initialize(questions)
        @known = @tasks = 0
        @finished = false
        @states = Hash.new(0)
        @answers = questions.to_h { |question| [question.name, 0] }
        @differences = []
        @different = 0
        @notes = {}
        @late = Hash.new(0)
        @left_out = []
      end

      # @param state [String] the state of a task for which every question was asked
      def compared(state)
        @tasks += 1
        @states[state] += 1
      end

      # @param question [Question]
      # @return [Boolean] whether the question is no longer asked
      def left_out?(question) = @left_out.include?(question.name)

      # @param question [Question]
      # @param task_ids [Array<Integer>]
      # @param outcome [Comparison::Outcome]
      def note(question, task_ids, outcome)
        @answers[question.name] += task_ids.size if outcome.kind == :compared
        @different += outcome.differences.size
        @differences.concat(outcome.differences.first([MOST_KEPT - @differences.size, 0].max))
        return unless outcome.text

        note_of(question.name, outcome).task_ids.concat(task_ids)
        leave_out(question, outcome)
      end

      # @return [Report]
      def report
        Report.new(known:, finished:, tasks:, states: @states.dup, answers: @answers.dup, different: @different,
                   differences: @differences.dup, notes: @notes.values)
      end

      private

      def note_of(name, outcome)
        @notes[[name, outcome.kind]] ||= Note.new(question: name, kind: outcome.kind, task_ids: [], text: outcome.text)
      end

      def leave_out(question, outcome)
        late = outcome.kind == :late && (@late[question.name] += 1) >= PATIENCE
        @left_out << question.name if late || outcome.kind == :engine_only
      end
    end
    private_constant :Tally
  end
end
