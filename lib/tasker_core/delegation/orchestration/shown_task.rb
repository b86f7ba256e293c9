# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The task's object that handlers see. The engine reloads it at the beginning of
      # each turn; where that would read the row that the object has, nothing is read.
      class ShownTask
        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
          @mutex = Mutex.new
          @stale = true
        end

        # Notes that a turn begins, whose first reload is the loop's.
        #
        # @return [void]
        def turn
          @turn_begins = true
        end

        # Notes the version of the task's row as a step ended; another one than before
        # means that somebody has written the task.
        #
        # @param version [Integer]
        # @return [void]
        def saw(version)
          @mutex.synchronize do
            @stale ||= version != @version
            @version = version
          end
        end

        # Forgets what handlers loaded with the task, as a reload does.
        #
        # @return [Boolean] false where the row has to be read: somebody has written it, a
        #   handler left something unsaved in the object, or it is not the loop that asks
        def reloaded_without_reading?
          loop_asks = @turn_begins
          @turn_begins = false
          stale = @mutex.synchronize { @stale.tap { @stale = false } }
          return false if !loop_asks || stale || Attributes.changes(@task).any?

          @task.instance_variable_get(:@association_cache).keep_if { |name, _| kept.include?(name) }
          @task.instance_variable_set(:@task_execution_context, nil)
          true
        end

        private

        def kept = @kept ||= @task.class.reflect_on_all_associations(:belongs_to).to_set(&:name)
      end
    end
  end
end
