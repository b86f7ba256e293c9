# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The active runs of this process, by task. If the application moves a task or one of its
      # steps to another state, in a handler or a subscriber, the task's run reads the task again
      # before it continues, as the engine does at each turn.
      module ActiveRuns
        @runs = {}
        @mutex = Mutex.new

        class << self
          # @param run [Run]
          # @yieldreturn [Object]
          # @return [Object] the block's value
          def with(run)
            id = run.task.task_id
            @mutex.synchronize { (@runs[id] ||= []) << run }
            yield
          ensure
            @mutex.synchronize do
              @runs[id].delete(run)
              @runs.delete(id) if @runs[id].empty?
            end
          end

          # @param task_id [Integer]
          # @return [void]
          def moved(task_id)
            @mutex.synchronize { @runs[task_id].to_a.dup }.each(&:moved)
          end
        end

        # Prepended to the engine's state machines.
        module Moves
          def transition_to!(...) = super.tap { ActiveRuns.moved(object.task_id) }
        end
      end
    end
  end
end
