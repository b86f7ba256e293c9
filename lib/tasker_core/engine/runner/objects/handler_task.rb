# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The task object that handlers get. The engine reloads it at the beginning of each turn and
      # at the end; here it is reloaded only where its row has changed, or somebody left something
      # in it.
      class HandlerTask
        # @param task [Tasker::Task]
        # @param version [Integer, nil] of the row that it shows; nil where that is not known
        # @param in_transaction [Boolean] whether the run is part of a transaction of its caller: all
        #   that one transaction writes to a row has the same version
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

        # Notes the version of the task's row as a strict read or the end of a step saw it; another
        # one than before means that somebody has written the task.
        #
        # @param version [Integer, nil] nil where it tells nothing
        # @return [void]
        def saw(version)
          @mutex.synchronize do
            @stale ||= version.nil? || version != @version || @in_transaction
            @version = version
          end
        end

        # @return [Tasker::Task] as its row is
        def renew
          stale = @mutex.synchronize { @stale.tap { @stale = false } }
          reload if stale || touched?
          @task
        end

        # Forgets what a reload forgets, where the object shows what was written.
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

        # Whether a handler left something in the object that a reload forgets.
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
