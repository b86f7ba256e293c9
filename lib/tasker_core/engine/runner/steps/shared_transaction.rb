# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Decides whether a write of a run has to share a transaction with the state machine's
      # callbacks and its event, because the application or another process takes part in it.
      module SharedTransaction
        class << self
          # The statement of a retry may clear a row and insert none, and is rolled back then.
          #
          # @param write [StepWrite]
          # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
          # @param run [Run]
          # @return [Boolean]
          # @raise [LeakedTransaction::Open] see LeakedTransaction
          def needed?(write, connection, run)
            return true if open?(write, connection, run) || write.state == 'pending' || write.changes&.through_model?

            event, = StepWriter::EVENTS.fetch(write.state)
            Relay.sends?(event) || (write.claims ? false : applications?(event, write, run))
          end

          private

          def open?(write, connection, run)
            connection.transaction_open? && !LeakedTransaction.ended?(write.state, connection, run)
          end

          # Run#claims_ahead? has checked a step that is claimed with a completion.
          def applications?(event, write,
                            run) = ApplicationListeners.listens?([event]) || !run.machine.plain?(write.state)
        end

        # Whether the step machine and its audit rows are the engine's. This is decided once a run;
        # later additions of an application are noticed too.
        class Machine
          # @param model [Class] a state machine of the engine
          def initialize(model)
            @model = model
            @spec = spec = States::MachineSpec.of_machine(model)
            @plain = spec.plain?(spec.transition_model) && own_machine?(spec)
          end

          # @param state [String] the target
          # @param object [Tasker::Task, nil] the task in transition
          # @return [Boolean] whether all callbacks, guards and checks are the engine's
          def plain?(state, object = nil)
            @plain && own_callbacks? && @spec.own_check?(object, state)
          end

          private

          # An application may give its objects their own state machine.
          def own_machine?(spec)
            owner = spec.kind == 'step' ? ::Tasker::WorkflowStep : ::Tasker::Task
            owner.instance_method(:state_machine).owner == owner && spec.known?(@model)
          end

          def own_callbacks?
            count = [].concat(*@model.callbacks.values).size
            return @own if count == @count

            @count = count
            @own = @model.callbacks.each_value.all? { |callbacks| callbacks.all? { |one| @spec.own?(one) } }
          end
        end
      end
    end
  end
end
