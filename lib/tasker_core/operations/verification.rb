# frozen_string_literal: true

require_relative '../engine/engine'
require_relative 'terminal/bar'
require_relative 'verification/question'
require_relative 'verification/selection'
require_relative 'verification/comparison'
require_relative 'verification/report'

# Whether engine and core answer alike on the application's own tasks.
module TaskerCore
  class << self
    # Asks the engine and the core the same about the application's own tasks, and compares
    # the answers: what shadow mode does while an application runs, for all that is in the
    # database already. It reads only, in transactions that PostgreSQL keeps from writing.
    #
    #   report = TaskerCore.verify(sample: 500, newer_than: 7.days)
    #   report.safe?   # => true
    #   puts report
    #
    # @param (see Verification#initialize)
    # @return [Verification::Report]
    # @raise [InvalidArgument] for an argument that it does not take
    # @raise [EngineMissing] without the gem tasker-engine
    # @raise [Unavailable] if there is no native library in this process
    # @raise [ActiveRecord::ActiveRecordError] where the database cannot be asked at all
    def verify(...) = Verification.new(...).run
  end

  # One comparison of the engine's answers with the core's.
  class Verification
    # How many tasks are compared unless another number is given.
    SAMPLE = 1000
    # How long one answer may take, unless other seconds are given.
    SECONDS = 60
    # How many tasks are asked about together, where the engine has a method for that.
    TOGETHER = 1000
    # How often a question may stay without an answer for lack of time before it is left out.
    PATIENCE = 2
    private_constant :TOGETHER, :PATIENCE

    # @param sample [Integer, Symbol] how many tasks, of each state as many as there are of
    #   the others, or :all
    # @param states [Array<String, Symbol>, nil] only tasks in these states
    # @param older_than [Numeric, ActiveSupport::Duration, nil] only tasks that were made
    #   longer ago, in seconds
    # @param newer_than [Numeric, ActiveSupport::Duration, nil] only tasks that were made since
    # @param task_ids [Array<Integer>, nil] these tasks and no others
    # @param only [Array<Symbol>, nil] these questions, see Question.names
    # @param except [Array<Symbol>] not these
    # @param seconds [Numeric] how long one answer may take
    # @param seed [Integer] another one draws other tasks
    # @param progress [IO, nil] where to show how far it is
    # @raise [InvalidArgument]
    # @raise [EngineMissing]
    def initialize(sample: SAMPLE, states: nil, older_than: nil, newer_than: nil, task_ids: nil, only: nil, except: [],
                   seconds: SECONDS, seed: 0, progress: nil)
      Engine.demand('verify')
      @selection = Selection.new(sample:, states:, older_than:, newer_than:, task_ids:, seed:)
      @questions = Question.choose(only, except)
      @comparison = Comparison.new(seconds)
      @progress = progress
      @tally = Tally.new(@questions)
    end

    # Compares all that was chosen.
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

    # @return [Report] of what was compared so far: also after an interrupt
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

    # What came out so far.
    class Tally
      # @return [Integer] how many tasks there are of those that could be chosen
      attr_accessor :known

      # @return [Boolean] whether all that were chosen were compared
      attr_accessor :finished

      # @return [Integer] how many tasks were compared
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

      # @param state [String] of a task of which everything was asked
      def compared(state)
        @tasks += 1
        @states[state] += 1
      end

      # @param question [Question]
      # @return [Boolean] whether it is of no use to ask it again
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
