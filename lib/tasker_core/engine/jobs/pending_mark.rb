# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A mark in the audit row of a pending task that tells why no job is enqueued for it. It needs
      # no row of its own, and ends with the next transition.
      class PendingMark
        KEY = 'wake_up'

        # The job could not be enqueued.
        LOST = 'lost'

        # Nothing can change for the task, so that no job looks for it.
        HELD = 'held'

        # Others work on the task; a job looks from time to time.
        WAITING = 'waiting'

        # The task was made outside of Rails, and nobody has enqueued it yet
        # (go/operation/create_task.go).
        CREATED = 'created'

        # A listener is about to enqueue it.
        TAKEN = 'taken'

        # @param task [Tasker::Task]
        def initialize(task)
          @task = task
        end

        # @param word [String]
        # @return [Boolean] whether it was not there before
        def set(word)
          rows.where("metadata ->> '#{KEY}' IS DISTINCT FROM ?", word)
              .update_all(["metadata = coalesce(metadata, '{}') || ?::jsonb", { KEY => word }.to_json]) == 1
        end

        # @param word [String]
        # @return [Boolean] whether it was there
        def take(word)
          rows.where("metadata ->> '#{KEY}' = ?", word).update_all("metadata = metadata - '#{KEY}'") == 1
        end

        # @return [Array(String, Time), nil] the word, and since when the task is pending
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
