# frozen_string_literal: true

# What must hold of every audit row that there is, whatever happened to the runs that wrote
# them: ascending sort keys without a gap, the last row and no other is the most recent one,
# and each state may follow the one before.
module AuditTrail
  # The states that may follow a state, as the engine's machines have them; the first row
  # follows pending.
  STEP = { 'pending' => %w[pending in_progress error cancelled resolved_manually],
           'in_progress' => %w[complete error cancelled], 'error' => %w[pending resolved_manually] }.freeze
  TASK = { 'pending' => %w[pending in_progress cancelled error],
           'in_progress' => %w[pending complete error cancelled], 'error' => %w[pending resolved_manually],
           'complete' => %w[cancelled], 'resolved_manually' => %w[cancelled] }.freeze

  class << self
    # @return [Array<Hash>] the rows that break a rule
    def violations
      of('tasker_workflow_step_transitions', 'workflow_step_id', STEP) + of('tasker_task_transitions', 'task_id', TASK)
    end

    private

    def of(table, key, legal)
      pairs = legal.flat_map { |from, states| states.map { |to| "('#{from}', '#{to}')" } }.join(', ')
      Database.connection.select_all(<<~SQL).to_a
        SELECT '#{table}' AS of, #{key} AS id, sort_key, most_recent, before, to_state
        FROM (SELECT *, row_number() OVER rows AS place, count(*) OVER (PARTITION BY #{key}) AS size,
                coalesce(lag(to_state) OVER rows, 'pending') AS before
              FROM #{table} WINDOW rows AS (PARTITION BY #{key} ORDER BY sort_key)) AS audit
        WHERE sort_key <> place * 10 OR most_recent <> (place = size) OR (before, to_state) NOT IN (#{pairs})
      SQL
    end
  end
end
