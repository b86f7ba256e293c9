# frozen_string_literal: true

require 'json'

module TaskerCore
  class Verification
    # An answer of the core that differs from the engine's.
    #
    # @!attribute [r] task_id
    #   @return [Integer]
    # @!attribute [r] question
    #   @return [Symbol] the question; docs/VERIFYING.md lists them
    # @!attribute [r] message
    #   @return [String] the first difference
    # @!attribute [r] engine
    #   @return [String] the engine's method as Ruby code
    # @!attribute [r] rows
    #   @return [Hash{String => Object}] the rows from which both answers follow
    Difference = Data.define(:task_id, :question, :message, :engine, :rows) do
      # @return [String] Ruby code that asks both again
      def again = "TaskerCore.verify(task_ids: [#{task_id}], only: [:#{question}])"

      # @return [String]
      def to_s = "task #{task_id}, #{question}: #{message}\n    engine: #{engine}\n    again:  #{again}"

      # @return [Hash{Symbol => Object}]
      def to_h = super.merge(again:)
    end

    # The rows that determine a task's answers, at the time of the question. In another database
    # they reproduce a difference after the task has moved on. They contain no data of the
    # application (context, inputs, results, metadata).
    #
    # @api private
    module Evidence
      # The tables, their join conditions, and the columns that are left out.
      SQL = <<~SQL
        SELECT jsonb_build_object('now', localtimestamp,
          'tasks', (SELECT jsonb_agg(jsonb_build_object(
              'task_id', t.task_id, 'named_task_id', t.named_task_id, 'complete', t.complete)) FROM tasks t),
          'task_transitions', (SELECT jsonb_agg(to_jsonb(r) - 'metadata' ORDER BY r.id)
            FROM %<task_transitions>s r JOIN tasks USING (task_id)),
          'workflow_steps', (SELECT jsonb_agg(to_jsonb(s) - '{inputs,results}'::text[] ORDER BY s.workflow_step_id)
            FROM steps s),
          'workflow_step_transitions', (SELECT jsonb_agg(to_jsonb(r) - 'metadata' ORDER BY r.id)
            FROM %<step_transitions>s r JOIN steps USING (workflow_step_id)),
          'workflow_step_edges', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.id) FROM %<edges>s e
            WHERE e.from_step_id IN (SELECT workflow_step_id FROM steps)
               OR e.to_step_id IN (SELECT workflow_step_id FROM steps)),
          'named_steps', (SELECT jsonb_agg(jsonb_build_object('named_step_id', n.named_step_id, 'name', n.name))
            FROM %<named_steps>s n WHERE n.named_step_id IN (SELECT named_step_id FROM steps)))::text
        FROM (SELECT 1) one
      SQL
      HEAD = 'WITH tasks AS (SELECT * FROM %<tasks>s WHERE task_id = %<task_id>d), ' \
             "steps AS (SELECT * FROM %<steps>s WHERE task_id = %<task_id>d)\n"
      private_constant :SQL, :HEAD

      class << self
        # @param task_id [Integer]
        # @return [Hash{String => Object}] rows by table, and now; nil for a table without rows
        def of(task_id)
          text = ::Tasker::ApplicationRecord.connection.select_value(format(HEAD + SQL, task_id:, **tables),
                                                                     'TaskerCore rows of a task')
          JSON.parse(text)
        end

        private

        def tables
          { tasks: ::Tasker::Task, task_transitions: ::Tasker::TaskTransition, steps: ::Tasker::WorkflowStep,
            step_transitions: ::Tasker::WorkflowStepTransition, edges: ::Tasker::WorkflowStepEdge,
            named_steps: ::Tasker::NamedStep }.transform_values(&:quoted_table_name)
        end
      end
    end
  end
end
