# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # Shadow mode: the core predicts the result of a transition, the engine executes it, and a
      # difference is reported. The caller gets the engine's answer or exception.
      class ShadowTransition
        # Compares a plain answer. Another session may have written between the two answers, so a
        # difference counts only if it is still there when both are asked again.
        def self.compare_read(name, engine, operation, arguments)
          answer = engine.call
          ask = -> { Core.current.call(operation, arguments, States.host) }
          difference = Shadow.shielded(CAPABILITY, name) do
            difference(answer, ask.call) && difference(engine.call, ask.call)
          end
          report(name, arguments.values, difference) if difference
          answer
        end

        def self.difference(answer, expected)
          expected = 'pending' if expected.nil?
          "the engine says #{answer.inspect}, the core #{expected.inspect}" if expected != answer
        end

        def self.report(operation, arguments, difference)
          Reporting.report(
            Report.new(kind: :difference, capability: CAPABILITY, operation:, details: { arguments:, difference: },
                       message: "#{operation}(#{arguments.map(&:inspect).join(', ')}) is decided differently by the " \
                                "core: #{difference}. The engine's decision was executed.")
          )
        end

        def initialize(machine, state)
          @machine = machine
          @spec = MachineSpec.of(machine)
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

        # An application's own guard or callback can refuse a transition that both machines allow;
        # the core cannot predict that.
        def predict
          return if @spec.id(@machine.object).nil? || !@spec.known?(@machine.class) ||
                    !@spec.own_check?(@machine.object, @state) || foreign?

          Shadow.shielded(CAPABILITY, operation) { decision }
        end

        def foreign? = %i[guards before].any? { |name| @machine.class.callbacks[name].any? { |own| !@spec.own?(own) } }

        def decision = Transition.new(*ask('predict_transition', 'to' => @state))

        def ask(name, arguments = {})
          Core.current.call(name, { **@spec.target(@spec.id(@machine.object)), **arguments }, States.host)
        end

        def compare(predicted, happened)
          return if predicted.nil? || same?(predicted, happened) || overtaken?(predicted, happened)

          self.class.report(operation, [@spec.id(@machine.object), @state],
                            "it is #{happened} by the engine, #{predicted.code} by the core")
        end

        def same?(predicted, happened) = predicted.code.sub('invalid_state', 'transition_failed') == happened

        # Another session may have written between the prediction and the engine's check. A refused
        # transition is predicted again; for a written one, the previous state and the guard are
        # checked.
        def overtaken?(predicted, happened)
          Shadow.shielded(CAPABILITY, operation) do
            next same?(decision, happened) unless happened == 'allowed'

            predicted.from != state_before || (predicted.code == 'guard_failed' && ask(@spec.guard_operation))
          end
        end

        def state_before
          rows = @spec.rows(@machine.object)
          rows.order(sort_key: :desc).offset(1).pick(:to_state) || 'pending'
        end
      end
    end
  end
end
