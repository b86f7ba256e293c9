# frozen_string_literal: true

module TaskerCore
  module Delegation
    module StateTransitions
      # One transition_to! through the core: the checks and the write are one
      # statement; guards, callbacks and events run where Statesman runs them,
      # inside transaction(requires_new: true).
      class Write
        # @param machine [Statesman::Machine]
        # @param state [String] the target
        # @param metadata [Hash]
        # @param from_state [String, nil] what callbacks see as from_state; the engine
        #   never records one, so nil unless a fix needs the event that it selects
        # @yieldparam host [HostConnection] for another statement than the plain
        #   transition's: a run's claim or completion
        # @yieldreturn [Transition]
        def initialize(machine, state, metadata, from_state: nil, &statement)
          @machine = machine
          @face = Face.of(machine)
          @object = machine.object
          @state = state
          @metadata = metadata
          @from_state = from_state
          @statement = statement
        end

        # @return [Boolean] whether the core can stand in here; an unsaved object,
        #   metadata that the model would refuse and machines with states of the
        #   application's own are the engine's
        def possible? = @metadata.is_a?(Hash) && !@face.id(@object).nil? && @face.known?(@machine)

        # @yieldreturn [true] the engine's own transition_to!, for a fault of the core
        #   before it wrote anything
        # @return [true]
        def call(&)
          write(&)
          true
        rescue Statesman::TransitionFailedError => e
          after_failure(:after_transition_failure, e)
        rescue Statesman::GuardFailedError => e
          after_failure(:after_guard_failure, e)
        end

        private

        def write
          check_for_the_application
          host = StateTransitions.host
          transition_class.transaction(requires_new: true) do
            run_before_callbacks
            finish(ask(host))
          end
        rescue *Failover::FAULTS => e
          raise if host.nil? || host.used?

          Failover.note(CAPABILITY, "#{@machine.class.name}#transition_to!", e)
          yield
        rescue DatabaseError => e
          raise e.cause || e
        rescue ConflictError => e
          raise Statesman::TransitionConflictError, e.message
        end

        def ask(host)
          return @statement.call(host) if @statement

          Transition.new(*Core.current.call(
            @face.write_operation,
            { **@face.target(@face.id(@object)), 'to' => @state, 'metadata' => @metadata.to_json, 'now' => host.now },
            host
          ))
        end

        # Guards that the application added run in Ruby, and callbacks that come
        # before the write must not run for a transition that is refused: then
        # Statesman checks first, as it always does. Without either, the statement's
        # own check is enough.
        def check_for_the_application
          return if before_callbacks.empty? && foreign_guards.empty?

          @from = @machine.current_state
          @machine.send(:validate_transition, from: @from, to: @state, metadata: @metadata)
        end

        def run_before_callbacks
          return if before_callbacks.empty?

          @machine.execute(:before, @from, @state, transition_class.new(@face.key => @face.id(@object), to_state: @state,
                                                                        metadata: @metadata, most_recent: false))
        end

        # The step machine's own before callback checks again what was checked and
        # logs; the task machine's publishes an event.
        def before_callbacks
          @before_callbacks ||= phase(:before).reject { |callback| @face.kind == 'step' && @face.own?(callback) }
        end

        def foreign_guards = phase(:guards).reject { |guard| @face.own?(guard) }

        def phase(name) = @machine.class.callbacks[name].select { |callback| callback.applies_to?(from: @from, to: @state) }

        def finish(transition)
          @from = transition.from
          refuse(transition) unless transition.written?
          row = audit_row(transition)
          forget_loaded_rows
          @machine.execute(:after, @from, @state, row)
          run_after_commit(row)
        end

        def refuse(transition)
          case transition.code
          when 'conflict' then raise Statesman::TransitionConflictError, transition.message
          when 'guard_failed'
            guard = phase(:guards).find { |candidate| @face.own?(candidate) }
            raise Statesman::GuardFailedError.new(guard.from, guard.to, guard.callback)
          else raise Statesman::TransitionFailedError.new(@from, @state)
          end
        end

        # The row that was written, without reading it back.
        def audit_row(transition)
          transition_class.instantiate(
            'id' => transition.transition_id, @face.key.name => transition.id, 'to_state' => @state,
            'from_state' => @from_state, 'sort_key' => transition.sort_key, 'most_recent' => true,
            'metadata' => @metadata.to_json, 'created_at' => transition_time, 'updated_at' => transition_time
          )
        end

        def transition_time = @transition_time ||= Time.current

        # What the object has loaded of its history is no longer all of it.
        def forget_loaded_rows
          @machine.reset if @machine.respond_to?(:reset)
          association = @object.association(@face.association)
          association.reset if association.loaded?
        end

        def run_after_commit(row)
          return if phase(:after_commit).empty?

          connection = transition_class.connection
          connection.add_transaction_record(
            Statesman::Adapters::ActiveRecordAfterCommitWrap.new(connection) do
              @machine.execute(:after_commit, @from, @state, row)
            end
          )
        end

        def after_failure(phase, error)
          @machine.execute_on_failure(phase, @from, @state, error) if @machine.respond_to?(:execute_on_failure)
          raise error
        end

        def transition_class = @object.association(@face.association).klass
      end
    end
  end
end
