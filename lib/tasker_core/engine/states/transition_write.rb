# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # One transition_to! through the core. The checks and the write are one statement. Guards,
      # callbacks and events run where Statesman runs them, inside transaction(requires_new: true).
      class TransitionWrite
        # Raised when the core has written nothing and the engine's own transition_to! can continue.
        # Its cause is a fault of the core, or a row that the core cannot see.
        class HandBack < StandardError; end

        # @param machine [Statesman::Machine]
        # @param state [String] the target
        # @param metadata [Hash]
        # @param from_state [String, nil] the from_state that callbacks see; the engine never
        #   records one, so it is nil unless a repair needs the event that it selects
        # @param moment [Time, nil] the time of the audit row, in whole microseconds; nil for the
        #   host's clock
        # @yieldparam host [HostConnection] for a statement other than the plain transition's: a
        #   run's claim or completion
        # @yieldparam moment [Time] the time of the audit row
        # @yieldreturn [Transition]
        def initialize(machine, state, metadata, from_state: nil, moment: nil, &statement)
          @machine = machine
          @spec = MachineSpec.of(machine)
          @object = machine.object
          @state = state
          @metadata = metadata
          @from_state = from_state
          @moment = moment
          @statement = statement || method(:plain_transition)
        end

        # @return [Boolean] whether the core can execute this transition. The engine executes it for
        #   an unsaved object, metadata that the model would refuse, machines with an application's
        #   own states, a stubbed guard check, an audit model with an application's callbacks, and
        #   where Active Record prevents writes: the engine checks, publishes and refuses in its own
        #   order
        def possible?
          @metadata.is_a?(Hash) && !@spec.id(@object).nil? && @spec.known?(@machine.class) &&
            @spec.own_check?(@object, @state) && @spec.plain?(transition_class) && !connection.preventing_writes?
        end

        # @yieldreturn [true] the engine's own transition_to!
        # @return [true]
        def call
          write
          true
        rescue HandBack => e
          Failover.note(CAPABILITY, operation, e.cause) unless e.cause.is_a?(NotFound)
          yield
        rescue Statesman::TransitionFailedError => e
          after_failure(:after_transition_failure, e)
        rescue Statesman::GuardFailedError => e
          after_failure(:after_guard_failure, e)
        end

        private

        def operation = "#{@machine.class.name}#transition_to!"

        def write
          check_for_the_application
          connection.transaction(requires_new: true) do
            run_before_callbacks
            finish(move)
            check_transaction
          end
        ensure
          @machine.reset if @machine.respond_to?(:reset)
        end

        # Guards that the application added run in Ruby, and callbacks before the write must not run
        # for a refused transition. If there are any, Statesman checks first, as it always does.
        # Otherwise the statement's own check is enough.
        def check_for_the_application
          return if before_callbacks.empty? && foreign_guards.empty?

          @from = ask { |host, _| core(host, @spec.state_operation) } || 'pending'
          @machine.send(:validate_transition, from: @from, to: @state, metadata: @metadata)
        end

        # A callback may change the metadata, as Statesman allows.
        def run_before_callbacks
          return if before_callbacks.empty?

          row = transition_class.new(@spec.key => @spec.id(@object), to_state: @state, metadata: @metadata,
                                     most_recent: false)
          @machine.execute(:before, @from, @state, row)
          @metadata = row.metadata
        end

        # The step machine's own before callback repeats a check and logs; the task machine's
        # publishes an event.
        def before_callbacks
          @before_callbacks ||= phase(:before).reject { |callback| @spec.kind == 'step' && @spec.own?(callback) }
        end

        def foreign_guards = phase(:guards).reject { |guard| @spec.own?(guard) }

        # The callbacks for the target. Whether they also apply to the previous state is checked
        # when that is known.
        def phase(name)
          @machine.class.callbacks[name].select { |callback| callback.to.empty? || callback.to.include?(@state) }
        end

        # @return [Transition]
        def move
          ask(&@statement)
        rescue ConflictError => e
          lost(e.message)
        end

        def plain_transition(host, moment)
          Transition.new(*core(host, @spec.write_operation,
                               'to' => @state, 'metadata' => @metadata.to_json, 'now' => host.date(moment)))
        rescue NotFound
          raise HandBack
        end

        def core(host, operation, arguments = {})
          Core.current.call(operation, { **@spec.target(@spec.id(@object)), **arguments }, host)
        end

        # @yieldparam host [HostConnection]
        def ask
          host = HostConnection.new(connection)
          yield host, moment
        rescue DatabaseError => e
          raise e.cause || e
        rescue *Core::FAULTS
          raise if host.used?

          raise HandBack
        end

        def finish(transition)
          @from = transition.from
          refuse(transition) unless transition.written?
          say if @spec.kind == 'step'
          StatusPreload.forget
          row = audit_row(transition)
          remember(row)
          @machine.reset if @machine.respond_to?(:reset)
          TransitioningRecord.with(@object) { @machine.execute(:after, @from, @state, row) }
          run_after_commit(row)
        end

        # The log line of the step machine's own before callback.
        def say
          Rails.logger.debug { "Step #{@spec.id(@object)} transitioning from #{@from} to #{@state}" }
        end

        # The publisher swallows a subscriber's exceptions, even if its statement has aborted the
        # transaction; then nothing of the transition would be committed.
        def check_transaction
          return unless HostConnection.new(connection).aborted?

          raise ActiveRecord::StatementInvalid,
                "#{@spec.kind} #{@spec.id(@object)} did not become #{@state}: a callback or a subscriber of its " \
                'event ran a statement that failed, which aborts the transaction'
        end

        def refuse(transition)
          case transition.code
          when 'conflict' then lost(transition.message)
          when 'guard_failed'
            guard = phase(:guards).find { |candidate| @spec.own?(candidate) }
            raise Statesman::GuardFailedError.new(guard.from, guard.to, guard.callback)
          else raise Statesman::TransitionFailedError.new(@from, @state)
          end
        end

        # The object's history has the row, as after Statesman's build. Where the history
        # is not loaded, reading it later finds the row in the database as well.
        def remember(row)
          association = @object.association(@spec.association)
          association.loaded? ? association.add_to_target(row) : association.target << row
        end

        # The process that was first wrote rows that the object has not loaded.
        def lost(message)
          @object.association(@spec.association).reset
          raise Statesman::TransitionConflictError, message
        end

        # The written row, without reading it back.
        def audit_row(transition)
          transition_class.instantiate(
            'id' => transition.transition_id, @spec.key.name => transition.id, 'to_state' => @state,
            'from_state' => @from_state, 'sort_key' => transition.sort_key, 'most_recent' => true,
            'metadata' => @metadata.empty? ? '{}' : @metadata.to_json, 'created_at' => moment, 'updated_at' => moment
          )
        end

        # The host's time, in the precision of the column.
        def moment = @moment ||= Time.now.utc.floor(6)

        def run_after_commit(row)
          return if phase(:after_commit).empty?

          connection.add_transaction_record(
            Statesman::Adapters::ActiveRecordAfterCommitWrap.new(connection) do
              @machine.execute(:after_commit, @from, @state, row)
            end
          )
        end

        def after_failure(phase, error)
          @machine.execute_on_failure(phase, @from, @state, error)
          raise error
        end

        # Looks the pool up once for the whole write.
        def connection = @connection ||= transition_class.connection

        def transition_class = @transition_class ||= @object.association(@spec.association).klass
      end
    end
  end
end
