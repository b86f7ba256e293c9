# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # One run of a task: its session in the core, the engine's objects that it replaces, and the
      # results of its steps. The thread that drives the loop and the workers share it.
      class Run
        include RunEvents
        include RunInterruption
        include RunSequence
        include RunSession

        # The number of refusals after which a run skips a step.
        MOST_REFUSALS = 2

        CLAIMED = StepWriter::EVENTS.fetch('in_progress').first
        private_constant :MOST_REFUSALS, :CLAIMED

        class << self
          # Opens a run if the core can execute the task.
          #
          # @param coordinator [WorkflowCoordinator]
          # @param task [Tasker::Task]
          # @param handler [Object] the engine's task handler
          # @return [Run, nil] nil if the engine's own code has to run
          # @raise [CycleError] if the dependencies form a cycle
          def open(coordinator, task, handler)
            return unless Runner.active? && EngineOverrides.all?(coordinator, handler)

            new(coordinator, task, handler).tap(&:read)
          rescue UnknownFunction
            nil
          rescue DatabaseError => e
            raise e.cause || e
          rescue *CoreLoss::ERRORS => e
            CoreLoss.report(task, e)
            nil
          end
        end

        # @return [WorkflowCoordinator]
        attr_reader :coordinator

        # @return [Tasker::Task] the object that handlers get
        attr_reader :task

        # @return [Object] the engine's task handler
        attr_reader :handler

        # @return [Tasker::Orchestration::StepExecutor] publishes and logs events of steps
        attr_reader :executor

        # @return [Tasker::Orchestration::TaskFinalizer]
        attr_reader :finalizer

        # @return [Tasker::Orchestration::ViableStepDiscovery]
        attr_reader :discovery

        # @return [StepObjects]
        attr_reader :steps

        # @return [TaskSnapshot]
        attr_reader :snapshot

        # @return [Array<Tasker::WorkflowStep>] the completed steps, in the order of their turns
        attr_reader :processed

        # @return [Connections]
        attr_reader :connections

        # @return [LogLevels]
        attr_reader :levels

        # @return [SharedTransaction::Machine]
        attr_reader :machine

        # @return [HandlerTask] the object that handlers get, and when it is read again
        attr_reader :handler_task

        # @return [ExternalSteps]
        attr_reader :external

        # @return [String, nil] the execution status with which the task was finalized
        attr_accessor :decided_on

        def initialize(coordinator, task, handler)
          @coordinator = coordinator
          @task = task
          @handler = handler
          @executor = handler.send(:step_executor)
          @finalizer = handler.send(:task_finalizer)
          @discovery = ::Tasker::Orchestration::ViableStepDiscovery.new
          @snapshot = TaskSnapshot.new(task.task_id) { @moved ? TaskCounts.of(task).stats : @progress.stats }
          @refusals = Hash.new(0)
          @processed = []
          @mutex = Mutex.new
          @users = 1
        end

        # Does the first strict read. The workers have other connections, on which Active Record
        # would not prevent their writes.
        #
        # @return [void]
        # @raise [ActiveRecord::ReadOnlyError] if Active Record prevents writes
        def read
          connection = ::Tasker::ApplicationRecord.connection
          HostConnection.new(connection).refuse_prevented_writes("the run of task #{@task.task_id}")
          @in_transaction = connection.transaction_open?
          open_session(connection)
          @steps = StepObjects.new(@task, @handler.step_templates)
          @progress = StepCounts.new(@session, @steps)
          @external = ExternalSteps.new(self)
          read_steps
          look_around
        rescue StandardError
          close_session.then { raise }
        end

        # Runs the task's steps and finalizes it. The current thread's work is this run meanwhile.
        #
        # @yieldparam run [Run] this run, before it is finalized
        # @return [void]
        def drive(&)
          @connections = Connections.new
          @correlation_id = @coordinator.correlation_id
          ActiveRuns.with(self) { CurrentWork.with(@snapshot) { execute(&) } }
        ensure
          release
        end

        # @return [Boolean] whether the caller has an open transaction, which the workers may share
        def in_transaction? = @in_transaction

        # Prepares a turn: reloads the task if it may have changed, and takes a new sequence.
        #
        # @param ahead [Boolean] see HandlerTask#renew
        # @return [void]
        def renew(ahead: false)
          @levels.renew
          @handler_task.renew(ahead:)
          @final_read = false
          take_sequence
        end

        # Records that the application has moved the task or one of its steps to another state.
        def moved = @moved = true

        # @return [Boolean] whether it has since the last strict read
        def moved? = @moved ? true : false

        # Returns the steps that can run now. If memory has none left, a strict read decides.
        #
        # @return [Array<Integer>] in ascending order
        # @raise [CoreLoss::Fault]
        def runnable
          found = @moved ? [] : from_memory
          return found unless found.empty?

          refresh
          from_memory.tap { |fresh| @final_read = fresh.empty? }
        end

        # Returns what can run now, including external steps.
        #
        # @return [Session::Next]
        # @raise [CoreLoss::Fault]
        def next_batch = ask(&:next).tap { |batch| @steps.changed(batch.changed) }

        # @param id [Integer]
        # @return [Boolean] whether this run executes the step
        def runs?(id) = @runnable.include?(id) && !hopeless?(id)

        # @return [Boolean] whether a step may be claimed with the completion of another, which runs
        #   the callbacks and the event outside of the transaction
        def claims_ahead?
          own = @own_sequence || @moved || Relay.sends?(CLAIMED) ||
                ApplicationListeners.listens?(ApplicationListeners::BETWEEN_STEPS)
          own ? false : @machine.plain?('in_progress')
        end

        # @return [Boolean] whether nothing can run and a step has failed permanently
        def blocked?
          refresh if @moved
          @progress.failed? && next_batch.blocked
        rescue CoreLoss::Fault => e
          lost(e.cause)
          false
        end

        # Does a strict read.
        #
        # @return [void]
        # @raise [CoreLoss::Fault]
        def refresh
          @moved = false
          @steps.changed(ask(&:refresh))
          @handler_task.saw(@session.task_version)
        end

        # @return [Table] the task's state after the loop, by the last strict read
        def ending
          @moved ? @ending = context : @ending
        rescue CoreLoss::Fault => e
          lost(e.cause)
          @ending
        end

        # Records that this run has set its task to pending.
        def set_pending = @pending = true

        # @return [Boolean] whether it has; the engine's own end of a run does not record it
        def set_pending? = @pending || lost?

        # Records a step's state as this run has written it.
        def wrote(id, state) = @mutex.synchronize { @session.step_states[id] = state }

        # Records that a step is complete.
        #
        # @param id [Integer]
        # @param outcome [Session::Outcome]
        # @param now [Time]
        def completed(id, outcome, now)
          @steps.processed(id, now)
          ended(outcome)
        end

        # Records the version of the task's row at the end of a step.
        #
        # @param outcome [Session::Outcome]
        def ended(outcome) = @handler_task.saw(outcome.task_version)

        # Records that another process took a step from this run and is responsible for it now.
        #
        # @param id [Integer]
        def taken(id) = @mutex.synchronize { @refusals[id] = MOST_REFUSALS }

        # Records that the database refused a claim that memory allowed.
        def refused(id) = @mutex.synchronize { @refusals[id] += 1 }

        # Tells the core that a transaction of a step was rolled back.
        #
        # @param token [Integer] the token of the claim that still holds; 0 for none
        def rolled_back(id, token)
          CoreLoss.noticed { @session.rolled_back(id, token:) }
        rescue CoreLoss::Fault => e
          lost(e.cause)
        end

        # @param claim [Session::Claim] the claim of a step that was claimed with a completion
        # @return [StepExecution]
        def following(id, claim) = StepExecution.new(self, id).tap { |execution| execution.claimed(claim) }

        # @return [Boolean] whether the application added validations or callbacks to WorkflowStep;
        #   decided once a run
        def customized_steps? = @customized_steps

        private

        def execute
          began = monotonic
          @coordinator.log_performance_event('workflow_execution', 0, task_id: @task.task_id,
                                                                      operation: 'workflow_start')
          turns = run_turns
          return EngineLoop.new(self).call(turns) if lost?

          yield self if block_given?
          Finalization.new(self).call(monotonic - began, turns)
          Reenqueuer.new(self).call
        end

        # @return [Integer] the number of turns
        def run_turns
          turn = Turn.new(self, 0)
          while turn.begin
            turn = Batch.new(self, turn).call
            break if turn.close || lost?

            turn = Turn.new(self, turn.number + 1)
          end
          @ending = context unless lost?
          turn.number
        rescue CoreLoss::Fault => e
          lost(e.cause)
          turn.number
        end

        def context
          refresh if @moved || !@final_read
          ask(&:context_row)
        end

        # Creates the steps that the templates require and the task does not have, as the engine
        # does.
        def read_steps
          @steps.read(@session.edges)
          unless @steps.complete?
            ::Tasker::WorkflowStep.get_steps_for_task(@task, @handler.step_templates)
            @session.refresh
            @steps.read(@session.edges)
          end
          @runnable = @steps.sequence_ids.to_set - @external.find(@handler.step_templates, @steps)
        end

        # Reads the application's customizations that matter for a run.
        def look_around
          @levels = LogLevels.new(@coordinator)
          @customized_steps = ModelCustomizations.update?(::Tasker::WorkflowStep)
          @machine = SharedTransaction::Machine.new(::Tasker::StateMachine::StepStateMachine)
          @handler_task.always_reload if @customized_steps || !@machine.plain?('complete')
          @own_sequence = EngineOverrides.overridden?(@handler, :get_sequence,
                                                      :establish_step_dependencies_and_defaults)
        end

        # The loop's answer from memory; an outdated snapshot is read again first.
        def from_memory
          batch = next_batch
          back = TaskerCore.configuration.retry_failed_steps ? @external.leave(batch.retry) : []
          back = back.select { |id| runs?(id) && StepWriter.new(StepExecution.new(self, id)).retry }
          (@external.leave(batch.ready) + back).sort.select { |id| runs?(id) }
        end

        def hopeless?(id) = @mutex.synchronize { @refusals[id] >= MOST_REFUSALS }

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end
