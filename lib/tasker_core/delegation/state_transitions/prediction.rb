# frozen_string_literal: true

module TaskerCore
  module Delegation
    module StateTransitions
      # Shadow mode: the core says beforehand what will become of a transition, the
      # engine executes it, and a difference is reported. The engine's answer or
      # exception is the caller's.
      class Prediction
        # Compares a plain answer.
        def self.compare_read(operation_name, id, engine, operation, arguments)
          answer = engine.call
          expected = Shadow.shielded(CAPABILITY, operation_name) do
            [Core.current.call(operation, arguments, StateTransitions.host)]
          end
          if expected && (expected.first || 'pending') != answer
            report(operation_name, [id], "the engine says #{answer.inspect}, the core #{expected.first.inspect}")
          end
          answer
        end

        def self.report(operation, arguments, difference)
          Reporting.report(
            Report.new(kind: :difference, capability: CAPABILITY, operation:, details: { arguments:, difference: },
                       message: "#{operation}(#{arguments.map(&:inspect).join(', ')}) goes differently by the core: " \
                                "#{difference}. The engine's way was taken.")
          )
        end

        def initialize(machine, state)
          @machine = machine
          @face = Face.of(machine)
          @state = state
        end

        # @yieldreturn [true] the engine's own transition_to!
        # @return [true]
        def check
          predicted = predict
          result = yield
          compare(predicted, 'allowed')
          result
        rescue Statesman::GuardFailedError
          compare(predicted, 'guard_failed')
          raise
        rescue Statesman::TransitionFailedError
          compare(predicted, 'transition_failed')
          raise
        end

        private

        def operation = "#{@machine.class.name}#transition_to!"

        def predict
          id = @face.id(@machine.object)
          return if id.nil? || !@face.known?(@machine)

          Shadow.shielded(CAPABILITY, operation) do
            Transition.new(*Core.current.call('predict_transition', { **@face.target(id), 'to' => @state },
                                              StateTransitions.host))
          end
        end

        def compare(predicted, happened)
          return if predicted.nil? || predicted.code.sub('invalid_state', 'transition_failed') == happened

          self.class.report(operation, [@face.id(@machine.object), @state],
                            "it is #{happened} by the engine, #{predicted.code} by the core")
        end
      end
    end
  end
end
