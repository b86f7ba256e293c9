# frozen_string_literal: true

module Soak
  # What must hold of every row in the end: each statement finds the rows where it does
  # not.
  class Invariants
    AUDITS = {
      'step' => ['tasker_workflow_step_transitions', 'workflow_step_id', <<~SQL],
        ('pending','in_progress'), ('pending','error'), ('pending','cancelled'), ('pending','resolved_manually'),
        ('in_progress','complete'), ('in_progress','error'), ('in_progress','cancelled'),
        ('error','pending'), ('error','resolved_manually')
      SQL
      'task' => ['tasker_task_transitions', 'task_id', <<~SQL]
        ('pending','in_progress'), ('pending','cancelled'), ('pending','error'), ('in_progress','complete'),
        ('in_progress','error'), ('in_progress','cancelled'), ('in_progress','pending'), ('error','pending'),
        ('error','resolved_manually'), ('complete','cancelled'), ('resolved_manually','cancelled')
      SQL
    }.freeze

    OF_AUDITS = {
      '%<kind>s without exactly one most_recent row, the last' => <<~SQL,
        SELECT %<id>s FROM %<table>s GROUP BY 1
        HAVING count(*) FILTER (WHERE most_recent) <> 1
          OR max(sort_key) <> max(sort_key) FILTER (WHERE most_recent)
      SQL
      '%<kind>s with a gap in sort_key' => <<~SQL,
        SELECT %<id>s FROM (
          SELECT %<id>s, sort_key, 10 * row_number() OVER (PARTITION BY %<id>s ORDER BY sort_key) AS due FROM %<table>s
        ) AS numbered WHERE sort_key <> due
      SQL
      '%<kind>s with a transition that is not allowed' => <<~SQL
        SELECT %<id>s FROM (
          SELECT %<id>s, to_state, coalesce(lag(to_state) OVER (PARTITION BY %<id>s ORDER BY sort_key), 'pending') AS before
          FROM %<table>s
        ) AS pairs WHERE (before, to_state) NOT IN (%<legal>s)
      SQL
    }.freeze

    STATE = <<~SQL
      (SELECT to_state FROM tasker_workflow_step_transitions audit
       WHERE audit.workflow_step_id = step.workflow_step_id AND most_recent)
    SQL

    OF_STEPS = {
      'step that ran twice in one attempt' =>
        "SELECT workflow_step_id FROM #{Effects::TABLE} GROUP BY workflow_step_id, attempt HAVING count(*) > 1",
      'step that ran again once complete, or in an attempt that nobody counted' => <<~SQL,
        SELECT workflow_step_id FROM #{Effects::TABLE} JOIN tasker_workflow_steps step USING (workflow_step_id)
        WHERE attempt > step.attempts
      SQL
      'step that is complete and was not done in its last attempt' => <<~SQL,
        SELECT workflow_step_id FROM tasker_workflow_steps step WHERE #{STATE} = 'complete' AND NOT EXISTS (
          SELECT 1 FROM #{Effects::TABLE} effect
          WHERE effect.workflow_step_id = step.workflow_step_id AND attempt = step.attempts)
      SQL
      'step whose attempts are not those of its audit rows' => <<~SQL,
        SELECT workflow_step_id FROM tasker_workflow_steps step WHERE coalesce(attempts, 0) <> (
          SELECT count(*) FROM tasker_workflow_step_transitions audit
          WHERE audit.workflow_step_id = step.workflow_step_id AND to_state = 'in_progress')
      SQL
      'step whose columns are not those of its state' => <<~SQL,
        SELECT workflow_step_id FROM tasker_workflow_steps step
        WHERE coalesce(processed, false) <> coalesce(#{STATE} = 'complete', false) OR coalesce(in_process, false)
      SQL
      'step that was left in progress' =>
        "SELECT workflow_step_id FROM tasker_workflow_steps step WHERE #{STATE} = 'in_progress'",
      'step that began before a parent was complete' => <<~SQL
        SELECT child.workflow_step_id
        FROM tasker_workflow_step_edges edge
        JOIN tasker_workflow_step_transitions child
          ON child.workflow_step_id = edge.to_step_id AND child.to_state = 'in_progress'
        WHERE NOT EXISTS (
          SELECT 1 FROM tasker_workflow_step_transitions parent
          WHERE parent.workflow_step_id = edge.from_step_id AND parent.to_state IN ('complete', 'resolved_manually')
            AND (parent.id < child.id OR parent.created_at <= child.created_at))
      SQL
    }.freeze

    TASK_STATE = '(SELECT to_state FROM tasker_task_transitions audit ' \
                 'WHERE audit.task_id = task.task_id AND most_recent)'
    FINAL = 'SELECT 1 FROM tasker_workflow_steps step WHERE step.task_id = task.task_id ' \
            "AND #{STATE} = 'error' AND (retryable IS FALSE OR attempts >= retry_limit)".freeze

    OF_TASKS = {
      'task that is complete while a step of it is not' => <<~SQL,
        SELECT task_id FROM tasker_tasks task WHERE #{TASK_STATE} = 'complete' AND EXISTS (
          SELECT 1 FROM tasker_workflow_steps step
          WHERE step.task_id = task.task_id AND coalesce(#{STATE}, 'pending') <> 'complete')
      SQL
      'task whose column complete is not its state' =>
        'SELECT task_id FROM tasker_tasks task WHERE ' \
        "coalesce(complete, false) <> coalesce(#{TASK_STATE} = 'complete', false)",
      'task that has failed without a step that has for good' =>
        "SELECT task_id FROM tasker_tasks task WHERE #{TASK_STATE} = 'error' AND NOT EXISTS (#{FINAL})",
      'task that was left in progress' => "SELECT task_id FROM tasker_tasks task WHERE #{TASK_STATE} = 'in_progress'"
    }.freeze

    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    def initialize(connection)
      @connection = connection
    end

    # @return [Hash{String => Array<Integer>}] the ids of what violates each, where some do
    def violations
      statements.transform_values { |sql| @connection.select_values(sql).uniq.sort }.reject { |_, ids| ids.empty? }
    end

    # @return [Integer] how many are looked at
    def size = statements.size

    # @return [Array<String>] what became of a step or a task
    def history(kind, id)
      table, key = AUDITS.fetch(kind)
      @connection.select_rows("SELECT id, sort_key, to_state, most_recent, created_at, metadata FROM #{table} " \
                              "WHERE #{key} = #{Integer(id)} ORDER BY id").map { |row| row.join(' ') }
    end

    private

    def statements
      audits = AUDITS.each_with_object({}) do |(kind, (table, id, legal)), found|
        OF_AUDITS.each { |name, sql| found[format(name, kind:)] = format(sql, table:, id:, legal:) }
      end
      audits.merge(OF_STEPS, OF_TASKS)
    end
  end
end
