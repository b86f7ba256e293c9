# frozen_string_literal: true

module TaskerCore
  # Runs the core beside the engine and reports differences. The caller always gets the engine's
  # answer or exception.
  #
  # @api private
  module Shadow
    class << self
      # @param capability [Symbol]
      # @param operation [String] the engine's method, for the report
      # @param arguments [Array] of the call, for the report
      # @param engine [Proc] the engine's own method
      # @yieldreturn [Object] the core's answer
      # @return [Object] the engine's answer
      def read(capability, operation, arguments, engine, &core)
        answer = engine.call
        difference = shielded(capability, operation) { compare(answer, engine, core) }
        report(capability, operation, arguments, difference) if difference
        answer
      end

      # Finds a difference between two answers. Rows are compared by id, because the engine's
      # functions guarantee no order.
      #
      # @param expected [Object, Array<Object>, nil] of the engine
      # @param actual [Object, Array<Object>, nil] of the core
      # @return [String, nil] the first difference; nil if there is none
      def difference(expected, actual)
        expected = by_id(expected)
        actual = by_id(actual)
        missing = (expected.keys - actual.keys).first
        return "the core has no row #{missing.inspect}" if missing

        extra = (actual.keys - expected.keys).first
        return "the engine has no row #{extra.inspect}" if extra

        expected.each do |id, row|
          found = difference_of_rows(row, actual[id])
          return "row #{id}: #{found}" if found
        end
        nil
      end

      # Runs the core's part of shadow mode so that its failure does not affect the caller: inside a
      # transaction, its statements run under a savepoint.
      #
      # @param capability [Symbol]
      # @param operation [String]
      # @yieldreturn [Object]
      # @return [Object, nil] the block's value; nil if it failed, which is reported once for each
      #   reason
      def shielded(capability, operation, &)
        connection = ::Tasker::ApplicationRecord.connection
        return yield unless connection.transaction_open?

        connection.transaction(requires_new: true, &)
      rescue InvalidArgument, UnknownFunction
        nil
      rescue Error, *Core::FAULTS => e
        Failover.note(capability, operation, e)
        nil
      end

      private

      # Another session may have written between the two answers, so a difference counts only if it
      # is still there when both are asked again.
      def compare(answer, engine, core)
        return unless difference(answer, core.call)

        difference(engine.call, core.call)
      rescue CycleError => e
        "the core raised #{e.class}: #{e.message}"
      end

      def report(capability, operation, arguments, difference)
        listed = arguments.map(&:inspect).join(', ')
        Reporting.report(
          Report.new(kind: :difference, capability:, operation:, details: { arguments:, difference: },
                     message: "#{operation}(#{listed.length > 200 ? "#{listed[0, 200]}..." : listed}) is answered " \
                              "differently by the core: #{difference}. The engine's answer was returned.")
        )
      end

      def by_id(answer)
        Array(answer.nil? ? [] : [answer].flatten).to_h do |row|
          attributes = row.attributes
          [attributes['workflow_step_id'] || attributes['task_id'], attributes]
        end
      end

      def difference_of_rows(expected, actual)
        (expected.keys | actual.keys).each do |name|
          mine = actual[name]
          theirs = expected[name]
          next if mine == theirs && mine.instance_of?(theirs.class)

          return "#{name} is #{theirs.inspect} from the engine, #{mine.inspect} from the core"
        end
        nil
      end
    end
  end
end
