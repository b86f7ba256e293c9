# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The task object that handlers get. The engine reloads it at the beginning of each turn; here
      # it is reloaded only where its row has changed, or a handler left something in it.
      class HandlerTask
        # @param task [Tasker::Task]
        # @param version [Integer, nil] of its row before it is read first
        def initialize(task, version)
          @task = task
          @version = version
          @named_task = task.named_task
          @mutex = Mutex.new
          @stale = true
        end

        # @return [String] the task's name
        def name = @named_task.name

        # Notes the version of the task's row as a step ended; another one than before means
        # that somebody has written the task.
        #
        # @param version [Integer, nil]
        # @return [void]
        def saw(version)
          @mutex.synchronize do
            @stale ||= version != @version
            @version = version
          end
        end

        # @return [void]
        def renew
          stale = @mutex.synchronize { @stale.tap { @stale = false } }
          reload if stale || touched?
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
