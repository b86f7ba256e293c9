# frozen_string_literal: true

require_relative '../../engine/failover'
require_relative '../../engine/shadow'
require_relative 'difference'

module TaskerCore
  class Verification
    # Asks both one question, in a read-only transaction in which both see the same rows at the same
    # time.
    #
    # @api private
    class Comparison
      # The result of a question.
      #
      # @!attribute [r] kind
      #   @return [Symbol] :compared, :late (an answer took too long), :failed (the engine gave no
      #     answer), :cycle (the engine's function would never end) or :engine_only (the core leaves
      #     it to the engine)
      # @!attribute [r] differences
      #   @return [Array<Difference>]
      # @!attribute [r] text
      #   @return [String, nil] the reason if it was not compared
      Outcome = Data.define(:kind, :differences, :text) do
        def initialize(kind:, differences: [], text: nil) = super
      end

      # Raised when the core fails instead of answering.
      class Fault < StandardError; end
      private_constant :Fault

      # @param seconds [Numeric] the time limit of one answer
      # @raise [InvalidArgument]
      def initialize(seconds)
        @seconds = seconds
        return if seconds.is_a?(Numeric) && seconds.between?(0.001, 86_400)

        raise InvalidArgument.new("seconds is #{seconds.inspect}; it must be a number from 0.001 to 86400",
                                  code: 'invalid_argument')
      end

      # @param question [Question]
      # @param task_ids [Array<Integer>] several tasks for a question about many at once, otherwise
      #   one
      # @return [Outcome]
      # @raise [ActiveRecord::ActiveRecordError] if the database cannot be reached
      def of(question, task_ids)
        differences = reading { compare(question, question.together? ? task_ids : task_ids.first) }
        Outcome.new(kind: :compared, differences:)
      rescue CycleError => e
        Outcome.new(kind: :cycle, text: "#{e.message}: the engine's function would not end, the core raises CycleError")
      rescue UnknownFunction => e
        Outcome.new(kind: :engine_only, text: "#{e.message}: the core leaves this to the engine")
      rescue ActiveRecord::QueryCanceled
        Outcome.new(kind: :late, text: "no answer within #{@seconds} s")
      rescue Fault => e
        Outcome.new(kind: :compared, differences: [reading { difference(question, task_ids.first, e.message) }])
      rescue ActiveRecord::ConnectionFailed, ActiveRecord::ConnectionNotEstablished
        raise
      rescue StandardError => e
        Outcome.new(kind: :failed, text: "the engine gave no answer: #{e.class}: #{e.message.lines.first&.strip}")
      end

      private

      def connection = ::Tasker::ApplicationRecord.connection

      # Never committed: inside the caller's transaction, the settings end with the savepoint.
      def reading
        answer = nil
        isolation = connection.transaction_open? ? {} : { isolation: :repeatable_read }
        ::Tasker::ApplicationRecord.uncached do
          connection.transaction(requires_new: true, **isolation) do
            connection.execute("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = #{(@seconds * 1000).ceil}",
                               'TaskerCore read only')
            answer = yield
            raise ActiveRecord::Rollback
          end
        end
        answer
      end

      # Asks the core first, because it detects a cycle, in which the engine's function would never
      # end. In the caller's transaction, other sessions may write between two answers, so a
      # difference counts only if it is still there when both are asked again.
      def compare(question, asked)
        return [] if differing(question, asked).empty?

        differing(question, asked).each_with_index.map do |(task_id, message), place|
          difference(question, task_id, message, evidence: place < MOST_KEPT)
        end
      end

      # @return [Array<Array(Integer, String)>] the differing tasks, each with its first difference
      def differing(question, asked)
        actual = core(question, asked).group_by { |row| owner(row, asked) }
        expected = Engine.switched_off { question.engine.call(asked) }.group_by { |row| owner(row, asked) }
        (expected.keys | actual.keys).filter_map do |task_id|
          message = Shadow.difference(expected[task_id], actual[task_id])
          [task_id, message] if message
        end
      end

      # The rows of one task need not contain its id.
      def owner(row, asked) = asked.is_a?(Array) ? row.task_id : asked

      def core(question, asked)
        question.core.call(asked)
      rescue CycleError, UnknownFunction
        raise
      rescue DatabaseError => e
        raise e.cause if e.cause.is_a?(ActiveRecord::ActiveRecordError)

        raise Fault, "the core raised #{e.class}: #{e.message}"
      rescue Error, *TaskerCore::Core::FAULTS => e
        raise Fault, "the core raised #{e.class}: #{e.message}"
      end

      def difference(question, task_id, message, evidence: true)
        Difference.new(task_id:, question: question.name, message:, engine: question.call(task_id),
                       rows: (Evidence.of(task_id) if evidence))
      end
    end
  end
end
