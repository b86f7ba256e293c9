# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # Shadow mode: the core says beforehand what will become of a transition, the
      # engine executes it, and a difference is reported. The engine's answer or
      # exception is the caller's.
      class ShadowTransition
        # Compares a plain answer. Between the two another session may have written: a
        # difference counts only if it is there when both are asked again.
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
                       message: "#{operation}(#{arguments.map(&:inspect).join(', ')}) goes differently by the core: " \
                                "#{difference}. The engine's way was taken.")
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

        # A guard or callback of the application's own can refuse what both machines
        # allow: there the core has nothing to say.
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

        # Between the prediction and the engine's check another session may have
        # written: what was refused is asked again; for what was written, the state
        # before it and the guard are.
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
