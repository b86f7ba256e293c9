# frozen_string_literal: true

# What the audit rows tell of tasks.
module Audit
  module_function

  # @return [Array<Integer>] the steps that were not completed once
  def wrong(tasks)
    World.connection.select_values(<<~SQL)
      SELECT s.workflow_step_id FROM tasker_workflow_steps s
      LEFT JOIN tasker_workflow_step_transitions t ON t.workflow_step_id = s.workflow_step_id AND t.to_state = 'complete'
      WHERE s.task_id IN (#{tasks.join(', ')}) GROUP BY 1 HAVING count(t.*) <> 1
    SQL
  end

  # @return [Integer] how many steps are complete
  def complete_steps(tasks)
    World.connection.select_value(<<~SQL)
      SELECT count(DISTINCT s.workflow_step_id) FROM tasker_workflow_steps s
      JOIN tasker_workflow_step_transitions t ON t.workflow_step_id = s.workflow_step_id AND t.to_state = 'complete'
      WHERE s.task_id IN (#{tasks.join(', ')})
    SQL
  end

  # @return [Array(Integer, Float)] how many tasks are complete, and the seconds from the first
  #   start to the last completion
  def tasks(ids)
    World.connection.select_rows(<<~SQL).first
      SELECT count(*) FILTER (WHERE to_state = 'complete'),
        extract(epoch FROM max(created_at) - min(created_at) FILTER (WHERE to_state = 'in_progress'))::float
      FROM tasker_task_transitions WHERE task_id IN (#{ids.join(', ')}) AND to_state IN ('in_progress', 'complete')
    SQL
  end
end
