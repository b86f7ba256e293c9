# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # One run of a task: the session in the core, the engine's objects for it, and
      # what the run knows of their states.
      #
      # The thread that drives the loop and the threads that execute steps share it;
      # what they change is guarded by a mutex that is never held during a statement.
      class Run
        # The instance variable by which an object tells whose it is.
        OWNER = :@tasker_core_run

        # The driving thread's run.
        DRIVER = :tasker_core_run

        # Set on the threads that execute steps of a run.
        WORKER = :tasker_core_worker
        private_constant :DRIVER, :WORKER

        class << self
          # @param object [Tasker::Task, Tasker::WorkflowStep]
          # @return [Run, nil] the run that the object belongs to
          def of(object) = object.instance_variable_get(OWNER)

          # @param task [Tasker::Task, nil]
          # @return [Run, nil] the run that this thread drives, for this task
          def driving(task = nil)
            run = Thread.current[DRIVER]
            run if run && (task.nil? || run.task.equal?(task))
          end

          # @param step_id [Integer, nil]
          # @return [Tasker::WorkflowStep, nil] the step as the run of this thread holds it
          def held_step(step_id)
            run = Thread.current[DRIVER] || Thread.current[WORKER]
            run&.picture&.latest(step_id)
          end

          # @return [Boolean] whether this thread drives a run or executes a step of one
          def here? = Thread.current[DRIVER] || Thread.current[WORKER] ? true : false

          # Opens a run where the core can stand in.
          #
          # @param coordinator [Tasker::Orchestration::WorkflowCoordinator]
          # @param task [Tasker::Task]
          # @param handler [Object]
          # @return [Run, nil] nil where the engine's own path is to be taken
          # @raise [CycleError] if the steps depend on each other in a circle
          def open(coordinator, task, handler)
            return unless Orchestration.active? && own_parts?(coordinator, handler)

            Failover.read(CAPABILITY, 'WorkflowCoordinator#execute_workflow', -> {}) do
              new(coordinator, task, handler).tap(&:read)
            end
          end

          private

          # Subclasses may override anything: they mean the engine's own path.
          def own_parts?(coordinator, handler)
            parts = ::Tasker::Orchestration
            coordinator.instance_of?(parts::WorkflowCoordinator) &&
              coordinator.reenqueuer_strategy.instance_of?(parts::TaskReenqueuer) &&
              handler.respond_to?(:step_executor, true) &&
              handler.send(:step_executor).instance_of?(parts::StepExecutor) &&
              handler.send(:task_finalizer).instance_of?(parts::TaskFinalizer)
          end
        end

        # @return [Tasker::Task]
        attr_reader :task

        # @return [Object] the engine's task handler
        attr_reader :handler

        # @return [Picture]
        attr_reader :picture

        # @return [ShownTask]
        attr_reader :shown_task

        # @return [Claims]
        attr_reader :claims

        def initialize(coordinator, task, handler)
          @coordinator = coordinator
          @task = task
          @handler = handler
          @picture = Picture.new(self, task, handler)
          @shown_task = ShownTask.new(task)
          @claims = Claims.new
          @mutex = Mutex.new
          @users = 1
          @customized_steps = Customized.step?
        end

        # The first strict read, and the engine's objects.
        #
        # @return [void]
        def read
          version = FunctionVersions.of(connection)
          show(SessionView.from_wire(ask('open_session', 'task_id' => @task.task_id, 'function_version' => version,
                                                         'final_when_not_retryable' => final?)))
          @picture.load(@view) { refresh }
        rescue StandardError
          close_session
          raise
        end

        # Runs the engine's loop with this run as the driving thread's.
        #
        # @yieldreturn [Object] the engine's own loop and finalization
        # @return [Object]
        def drive
          before = Thread.current[DRIVER]
          Thread.current[DRIVER] = self
          @task.instance_variable_set(KnownName::KNOWN, @task.name)
          @task.instance_variable_set(OWNER, self)
          result = yield
          WakeUp.new(self).call
          result
        ensure
          Thread.current[DRIVER] = before
          [OWNER, KnownName::KNOWN].each do |name|
            @task.remove_instance_variable(name) if @task.instance_variable_defined?(name)
          end
          release
        end

        # @return [Boolean] whether the loop is on its turn now, as opposed to its end
        def looping? = @looping

        # One turn of the engine's loop: it may believe what the run knows.
        def turn(&)
          @looping = true
          @shown_task.turn
          @final_read = false
          @concurrency = nil
          Logging.look_again
          KnownState.trust(&)
        ensure
          @looping = false
        end

        # @param settings [Tasker::Types::ExecutionConfig]
        # @return [Integer] how many steps may be executed at once, counted once a turn
        def concurrency(settings) = @concurrency ||= Batch.concurrency(settings)

        # @param object [Tasker::Task, Tasker::WorkflowStep]
        # @return [String]
        def state_of(object)
          object.equal?(@task) ? @view.task_state : @view.states.fetch(object.workflow_step_id, 'pending')
        end

        # The sequence, with the application's hook called on it where there is one.
        #
        # @return [Tasker::Types::StepSequence]
        def sequence
          @picture.settle
          if establishes_dependencies?
            KnownState.distrust { @handler.establish_step_dependencies_and_defaults(@task, @picture.sequence_steps) }
            refresh
            @picture.load(@view) { refresh }
          end
          @picture.sequence
        end

        # The steps that can run now. When memory has none left, a strict read
        # decides.
        #
        # @return [Array<Tasker::WorkflowStep>]
        def viable_steps
          found = from_memory
          return found unless found.empty?

          refresh
          from_memory.tap { |fresh| @final_read = fresh.empty? }
        end

        # @return [Boolean] whether nothing can run and a step has failed for good
        def blocked?
          @view.states.value?('error') && recall('session_next')[3]
        end

        # @return [Boolean] whether nothing is left for Rails until others have done
        #   something; asked after the loop's last strict read
        def waits_for_others?
          ready, retries, = recall('session_next')
          ready += retries
          external.leave(ready).empty? && external.outstanding?(ready, @view.states)
        end

        # @return [Boolean] whether a failed step of Rails waits too
        def failed_beside_others? = external.failed_beside?(@view.states)

        # Tells who listens on a channel of this task.
        def notify(channel)
          connection.exec_query('SELECT pg_notify($1, $2)::text', 'TaskerCore notify', [channel, @task.task_id.to_s])
        end

        # How far the task is, for the payloads of its events: what
        # WorkflowStep.task_completion_stats counts.
        #
        # @return [Hash{Symbol => Object}]
        def completion_stats
          states = @view.states
          done = states.filter_map { |id, state| id if %w[complete resolved_manually].include?(state) }
          failed = states.each_value.count('error')
          { total_steps: states.size, completed_steps: done.size, failed_steps: failed,
            pending_steps: states.size - done.size - failed,
            latest_completion_time: done.filter_map { |id| @picture.latest(id)&.processed_at }.max,
            all_complete: done.size == states.size && states.any? }
        end

        # How the task stands, as the core counts it. What the loop ended on, or the first
        # question after it, was a strict read; nothing of the task's steps is written by
        # this run after it.
        #
        # @return [Table]
        def context
          refresh unless @final_read
          @final_read = !looping?
          Table.new(recall('session_context'))
        end

        # A strict read: what others changed is taken over into the objects.
        #
        # @return [SessionView]
        def refresh
          show(SessionView.from_wire(ask('session_refresh', 'session' => session)))
          @picture.reload(@view.changed)
          @view
        end

        # @return [Integer] the session's handle
        def session = @view.session

        # Asks the core, with statements on the connection of the thread that asks.
        def ask(operation, arguments, host = HostConnection.new(connection))
          Core.current.call(operation, arguments, host)
        end

        # Asks the session's memory: no statement runs.
        def recall(operation, arguments = {})
          Core.current.call(operation, { 'session' => session, **arguments })
        end

        # Notes a step's state as this run has written it.
        def wrote(step_id, state)
          @mutex.synchronize { @view.states[step_id] = state }
        end

        # Tells the core that the transaction in which a step was finished was rolled
        # back; the claim still holds.
        def taken_back(step)
          id = step.workflow_step_id
          wrote(id, 'in_progress')
          recall('session_rolled_back', 'step_id' => id, 'token' => @claims.token(id))
        end

        # Notes that the engine's finalizer has set the task pending.
        def pending_was_set = @pending_was_set = true

        # @return [Boolean] whether this run has set its task pending
        def set_pending? = @pending_was_set ? true : false

        # Keeps the session open while a handler runs.
        def use
          @mutex.synchronize { @users += 1 }
          Thread.current[WORKER] = self
          Logging.look_again
          yield
        ensure
          Thread.current[WORKER] = nil
          release
        end

        # @return [Boolean] whether the application added validations or callbacks to
        #   WorkflowStep; asked once a run
        def customized_steps? = @customized_steps

        private

        def connection = ::Tasker::ApplicationRecord.connection

        def external = @external ||= ExternalSteps.new(self, @picture.external)

        def final? = TaskerCore.configuration.permanent_errors_final

        def show(view)
          @mutex.synchronize { @view = view }
        end

        # The loop's answer from memory; a stale picture is read again first.
        def from_memory
          ready, retries, stale, = recall('session_next')
          if stale
            refresh
            ready, retries, = recall('session_next')
          end
          back = TaskerCore.configuration.retry_failed_steps ? retries : []
          back = external.leave(back).select { |id| @picture.step(id) && Outcome.new(self, @picture.step(id)).retry }
          @picture.runnable((external.leave(ready) + back).sort.reject { |id| @claims.hopeless?(id) })
        end

        # The hook of the engine's base does nothing; only an override is called.
        def establishes_dependencies?
          @handler.respond_to?(:establish_step_dependencies_and_defaults) &&
            @handler.method(:establish_step_dependencies_and_defaults).owner != ::Tasker::TaskHandler::InstanceMethods
        end

        # The last one who uses the session closes it.
        def release
          last = @mutex.synchronize { (@users -= 1).zero? }
          return unless last

          @picture.release
          close_session
        end

        def close_session
          recall('close_session') if @view
        rescue Unavailable
          nil
        end
      end
    end
  end
end
