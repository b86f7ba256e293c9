# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A mark in the audit row of a pending task that tells why no job is enqueued for it. It needs
      # no row of its own, and the next transition ends it.
      class PendingMark
        KEY = 'wake_up'

        # The job could not be enqueued.
        LOST = 'lost'

        # No event can change the task's state, so no job checks it.
        HELD = 'held'

        # Workers are executing the task's steps; a job checks it from time to time.
        WAITING = 'waiting'

        # The task was created outside of Rails and is not enqueued yet
        # (go/operation/create_task.go).
        CREATED = 'created'

        # A listener is enqueuing the task.
        TAKEN = 'taken'

        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
        end

        # @param word [String]
        # @return [Boolean] whether this call set it
        def set(word)
          rows.where("metadata ->> '#{KEY}' IS DISTINCT FROM ?", word)
              .update_all(["metadata = coalesce(metadata, '{}') || ?::jsonb", { KEY => word }.to_json]) == 1
        end

        # @param word [String]
        # @return [Boolean] whether it was set
        def take(word)
          rows.where("metadata ->> '#{KEY}' = ?", word).update_all("metadata = metadata - '#{KEY}'") == 1
        end

        # @return [Array(String, Time), nil] the mark, and the time since which the task is pending
        def read
          word, since = rows.pick(Arel.sql("metadata ->> '#{KEY}'"), :created_at)
          [word, since] if word
        end

        private

        def rows
          ::Tasker::TaskTransition.where(task_id: @task.task_id, most_recent: true, to_state: 'pending')
        end
      end
    end
  end
end
