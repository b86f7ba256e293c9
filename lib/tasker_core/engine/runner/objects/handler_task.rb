# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The task object that handlers get. The engine reloads it at the start of each turn and at the
      # end. A run reloads it only if its row has changed, or if a handler left changes in it.
      class HandlerTask
        # @param task [Tasker::Task]
        # @param version [Integer, nil] the version of the row that it shows; nil if it is unknown
        # @param in_transaction [Boolean] whether the run is part of its caller's transaction: all
        #   writes of one transaction to a row have the same version
        def initialize(task, version, in_transaction: false)
          @task = task
          @in_transaction = in_transaction
          @version = version
          @named_task = task.named_task
          @mutex = Mutex.new
          @stale = version.nil? || in_transaction
        end

        # @return [String] the task's name
        def name = @named_task.name

        # Records the version of the task's row at a strict read or at the end of a step. A different
        # version means that another process has written the row.
        #
        # @param version [Integer, nil] nil if it is not known
        # @return [void]
        def saw(version)
          @mutex.synchronize do
            @stale ||= version.nil? || version != @version || @in_transaction
            @version = version
          end
        end

        # @return [Tasker::Task] matching its row
        def renew
          stale = @mutex.synchronize { @stale.tap { @stale = false } }
          reload if stale || touched?
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

        # Whether a handler left changes in the object that a reload discards.
        def touched?
          @task.has_changes_to_save? || collections.any? { |name| @task.association_cached?(name) } ||
            @task.instance_variable_get(:@task_execution_context)
        end

        def collections
          @collections ||= @task.class.reflect_on_all_associations.reject(&:belongs_to?).map(&:name)
        end
      end
    end
  end
end
