# frozen_string_literal: true

module Tasker
  # Stands in for lib/tasker/functions: Ruby objects over the rows of the SQL
  # functions.
  module Functions
    # Attributes from the columns of a function's answer.
    class FunctionWrapper
      include ActiveModel::Model
      include ActiveModel::Attributes

      class << self
        def from_sql_function(sql, binds = [], name = nil)
          connection.select_all(sql, name, binds.map { |bind| convert_array_bind(bind) }).map { |row| new(row) }
        end

        def single_from_sql_function(sql, binds = [], name = nil) = from_sql_function(sql, binds, name).first

        def convert_array_bind(bind) = bind.is_a?(Array) ? "{#{bind.join(',')}}" : bind

        def connection = ::Tasker::ApplicationRecord.connection

        # @param types [Hash{Symbol => Array<Symbol>}] names of attributes by type
        def columns(**types)
          types.each { |type, names| names.each { |name| attribute(name, type) } }
        end
      end

      def readonly? = true
      def to_h = attributes.symbolize_keys
    end

    class FunctionBasedStepReadinessStatus < FunctionWrapper
      columns integer: %i[workflow_step_id task_id named_step_id total_parents completed_parents attempts retry_limit
                          backoff_request_seconds],
              string: %i[name current_state], boolean: %i[dependencies_satisfied retry_eligible ready_for_execution],
              datetime: %i[last_failure_at next_retry_at last_attempted_at]

      class << self
        def for_task(task_id, step_ids = nil)
          from_sql_function('SELECT * FROM get_step_readiness_status($1::BIGINT, $2::BIGINT[])', [task_id, step_ids],
                            'StepReadinessStatus Load')
        end

        def for_steps(task_id, step_ids) = for_task(task_id, step_ids)

        def for_tasks(task_ids)
          return [] if task_ids.empty?

          from_sql_function('SELECT * FROM get_step_readiness_status_batch($1::BIGINT[])', [task_ids],
                            'StepReadinessStatus Batch Load')
        end

        def ready_for_task(task_id) = for_task(task_id).select(&:ready_for_execution)

        def complete_for_task(task_id)
          for_task(task_id).select { |step| %w[complete resolved_manually].include?(step.current_state) }
        end
      end

      def can_execute_now? = ready_for_execution
    end

    class FunctionBasedTaskExecutionContext < FunctionWrapper
      columns integer: %i[task_id named_task_id total_steps pending_steps in_progress_steps completed_steps
                          failed_steps ready_steps],
              string: %i[status execution_status recommended_action health_status], decimal: %i[completion_percentage]

      def self.find(task_id)
        single_from_sql_function('SELECT * FROM get_task_execution_context($1::BIGINT)', [task_id],
                                 'TaskExecutionContext Load')
      end

      def self.for_tasks(task_ids)
        return [] if task_ids.empty?

        from_sql_function('SELECT * FROM get_task_execution_contexts_batch($1::BIGINT[])', [task_ids],
                          'TaskExecutionContext Batch Load')
      end

      def is_complete? = execution_status == 'all_complete'
      def is_blocked? = execution_status == 'blocked_by_failures'
      def workflow_summary = to_h
    end

    class FunctionBasedDependencyLevels < FunctionWrapper
      columns integer: %i[workflow_step_id dependency_level]

      def self.for_task(task_id)
        from_sql_function('SELECT * FROM calculate_dependency_levels($1::BIGINT)', [task_id], 'DependencyLevels Load')
      end

      def self.levels_hash_for_task(task_id)
        for_task(task_id).to_h { |row| [row.workflow_step_id, row.dependency_level] }
      end
    end
  end
end
