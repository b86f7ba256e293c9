# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The session of a run, which its workers share.
      module RunSession
        # @return [Session]
        attr_reader :session

        # Keeps the session open while a worker works.
        def use
          @mutex.synchronize { @users += 1 }
          yield
        ensure
          release
        end

        private

        def open_session(connection)
          @handler_task = HandlerTask.new(@task, TaskStart.version(@task), in_transaction: @in_transaction)
          @session = Session.new(Core.current, Connections::Host.new, @task.task_id, FunctionVersions.of(connection),
                                 final_when_not_retryable: TaskerCore.configuration.permanent_errors_final)
          @handler_task.saw(@session.task_version)
        end

        # The session's answer, once the database gives it. If the task was deleted, the engine's
        # own reload raises the error.
        def ask
          DatabaseRetry.read { CoreLoss.noticed { yield @session } }
        rescue NotFound
          @handler_task.reload
          raise
        end

        # The last user of the session closes it.
        def release
          last = @mutex.synchronize { (@users -= 1).zero? }
          close_session if last
        end

        def close_session
          @session&.close
        rescue Error
          nil
        end
      end
    end
  end
end
