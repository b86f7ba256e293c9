# frozen_string_literal: true

module Soak
  # Tells how far the soak is, and in the end what was violated.
  class Summary
    TELL_EVERY = 5
    SHOWN = 3

    COUNTS = <<~SQL
      SELECT coalesce(audit.to_state, 'pending'), count(*) FROM tasker_tasks task
      LEFT JOIN tasker_task_transitions audit ON audit.task_id = task.task_id AND audit.most_recent GROUP BY 1
    SQL

    def initialize(operator, faults, processes)
      @operator = operator
      @faults = faults
      @processes = processes
      @began = now
      @looked = @told = 0
      @states = {}
    end

    # @return [Integer] how many tasks are open
    def open = @states.values_at('pending', 'in_progress').compact.sum

    # @return [Integer] how many processes have run a step
    def workers = value("SELECT count(DISTINCT pid) FROM #{Effects::TABLE}")

    def say(text) = puts(format('%<seconds>5d s  %<text>s', seconds: now - @began, text:))

    # Looks each second, and tells every few.
    def tend
      return if now - @looked < 1

      @looked = now
      @states = connection.select_rows(COUNTS).to_h.transform_values(&:to_i)
      return if now - @told < TELL_EVERY

      @told = now
      say("#{tasks}; #{@faults.counts.values.sum} faults, #{@operator.resets} steps reset, " \
          "#{@operator.lost_jobs + @operator.never_begun} jobs enqueued again")
    rescue ActiveRecord::ActiveRecordError
      # The server is just coming up.
      nil
    end

    # @return [Boolean] whether nothing was violated
    def judge
      invariants = Invariants.new(connection)
      left = @operator.open
      found = invariants.violations
      found['task that is still open although nothing goes wrong any more'] = left if left.any?
      tell(invariants)
      found.each { |name, ids| show(invariants, name, ids) }
      @processes.crashes.each { |crash| puts("VIOLATED: #{crash}") }
      puts(@processes.logs) if found.any? || @processes.crashes.any?
      found.empty? && @processes.crashes.empty?
    end

    private

    def tasks
      complete, failed = @states.values_at('complete', 'error').map(&:to_i)
      "#{@states.values.sum} tasks: #{complete} complete, #{failed} failed for good, #{open} open"
    end

    def tell(invariants)
      say("#{tasks}; #{value('SELECT count(*) FROM tasker_workflow_steps')} steps, " \
          "run #{value("SELECT count(*) FROM #{Effects::TABLE}")} times")
      puts("faults: #{@faults.counts.sort.map { |name, times| "#{name.to_s.tr('_', ' ')} #{times}" }.join(', ')}")
      puts("repairs: #{@operator.resets} steps reset; jobs enqueued again: #{@operator.lost_jobs} of tasks that had " \
           "begun, #{@operator.never_begun} of tasks that never had one")
      puts("#{invariants.size} invariants looked at")
    end

    def show(invariants, name, ids)
      puts("VIOLATED: #{name}: #{ids.size} (#{ids.first(10).join(', ')})")
      kind = name[/\A\w+/]
      ids.first(SHOWN).each do |id|
        tell_history(invariants, kind, id)
        tell_steps(invariants, id) if kind == 'task'
      end
    end

    def tell_steps(invariants, task_id)
      puts("  its jobs: #{@operator.jobs_of(task_id).join(', ')}")
      steps = connection.select_values("SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = #{task_id}")
      steps.each { |step| tell_history(invariants, 'step', step) }
    end

    def tell_history(invariants, kind, id)
      puts("  #{kind} #{id}", invariants.history(kind, id).map { |row| "    #{row}" })
    end

    def value(sql) = connection.select_value(sql).to_i

    def connection = Tasker::ApplicationRecord.connection

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
