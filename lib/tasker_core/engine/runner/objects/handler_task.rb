# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The task object that handlers get. The engine reloads it at the start of each turn and at the
      # end. A run reloads it only if its row has changed or may have changed, or if a handler left
      # changes in it.
      class HandlerTask
        # @param task [Tasker::Task]
        # @param version [Integer, nil] the version of the row that it shows; nil if it is unknown
        # @param in_transaction [Boolean] whether the run is part of its caller's transaction: all
        #   writes of one transaction to a row have the same version
        def initialize(task, version, in_transaction: false)
          @task = task
          @version = version
          @named_task = task.named_task
          @mutex = Mutex.new
          @stale = version.nil?
          @always = in_transaction || EngineOverrides.reopened?(task.method(:reload), ::Tasker::Task)
        end

        # Makes each turn reload the task: the application takes part in the transitions of steps,
        # and may write the task after a step's end has shown its version.
        #
        # @return [void]
        def always_reload = @always = true

        # @return [String] the task's name
        def name = @named_task.name

        # Records the version of the task's row at a strict read or at the end of a step. A different
        # version means that another process has written the row.
        #
        # @param version [Integer, nil] nil if it is not known
        # @return [void]
        def saw(version)
          @mutex.synchronize do
            @stale ||= version.nil? || version != @version
            @version = version
          end
        end

        # Active Record's query cache is cleared as a reload clears it, except in a turn whose
        # first step was claimed just now: that write has cleared it.
        #
        # @param ahead [Boolean] whether the turn's step was claimed with the completion of the one
        #   before it, so that no listener of the application was called between the two
        # @return [Tasker::Task] matching its row
        def renew(ahead: false)
          @task.class.connection_pool.clear_query_cache unless ahead
          reload if take_stale || @always || (!ahead && listened?) || touched?
          @task
        end

        # Discards what a reload discards, if the object matches the written row.
        #
        # @return [void]
        def settle
          @task.clear_changes_information
          renew
        end

        # Reads the row again.
        #
        # @return [void]
        def reload
          DatabaseRetry.read { @task.reload }
          @task.association(:named_task).target = @named_task
        end

        private

        # Whether a different version was seen; it is noted as read.
        def take_stale
          return false unless @stale

          @mutex.synchronize { @stale = false }
          true
        end

        # Whether the application listens to what is published from the end of a step to here: it
        # may have written the task after the step's end has shown its version.
        def listened? = ApplicationListeners.listens?(ApplicationListeners::IN_A_TURN)

        # Whether a handler left changes in the object that a reload discards.
        def touched?
          @task.frozen? || @task.has_changes_to_save? || associations.any? { |name| @task.association_cached?(name) } ||
            @task.instance_variable_get(:@task_execution_context)
        end

        def associations = @associations ||= @task.class.reflect_on_all_associations.map(&:name) - %i[named_task]
      end
    end
  end
end
