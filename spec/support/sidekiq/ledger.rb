# frozen_string_literal: true

# A workflow of ten steps whose handlers leave a row each in a table of their own,
# in a transaction of their own: what a handler did can be counted afterwards,
# whoever was killed when. On the stand-in and on the real engine alike.
module Ledger
  NAME = 'ledger'
  TABLE = 'spec_effects'
  GRAPH = { 'open' => [], 'check' => ['open'], 'a' => ['check'], 'b' => ['check'], 'c' => ['check'], 'd' => ['check'],
            'sum' => %w[a b c d], 'post' => ['sum'], 'mail' => ['sum'], 'close' => %w[post mail] }.freeze

  # By name, the rows that must not be there in the end.
  VIOLATIONS = {
    unfinished_tasks: 'SELECT count(*) FROM tasker_tasks WHERE complete IS NOT TRUE',
    unfinished_steps: 'SELECT count(*) FROM tasker_workflow_steps WHERE processed IS NOT TRUE',
    effects_twice: <<~SQL,
      SELECT count(*) FROM (SELECT 1 FROM #{TABLE} GROUP BY workflow_step_id, attempt HAVING count(*) > 1) AS twice
    SQL
    effects_without_attempt: <<~SQL,
      SELECT count(*) FROM #{TABLE} JOIN tasker_workflow_steps step USING (workflow_step_id)
      WHERE attempt > step.attempts
    SQL
    successes_without_effect: <<~SQL,
      SELECT count(*) FROM tasker_workflow_steps step WHERE NOT EXISTS (
        SELECT 1 FROM #{TABLE} effect
        WHERE effect.workflow_step_id = step.workflow_step_id AND effect.attempt = step.attempts)
    SQL
    attempts_not_in_audit: <<~SQL
      SELECT count(*) FROM tasker_workflow_steps step WHERE attempts <> (
        SELECT count(*) FROM tasker_workflow_step_transitions audit
        WHERE audit.workflow_step_id = step.workflow_step_id AND to_state = 'in_progress')
    SQL
  }.freeze

  # Takes a moment, so that its worker can be killed before, after and in between. In its
  # first attempt the step 'check' takes longer where the environment says so.
  class Step < Tasker::StepHandler::Base
    SLOW = Float(ENV.fetch('LEDGER_SLOW_SECONDS', 0))

    def process(_task, _sequence, step)
      sleep(rand * 0.05)
      Ledger.note(step.workflow_step_id, step.attempts.to_i + 1)
      sleep(SLOW) if step.name == 'check' && step.attempts.to_i.zero?
      sleep(rand * 0.03)
      { 'pid' => Process.pid }
    end
  end

  # The task handler.
  class Handler
    include Tasker::TaskHandler

    define_step_templates do |templates|
      GRAPH.each do |step, parents|
        templates.define(name: step, depends_on_steps: parents, handler_class: Step, dependent_system: 'ledger',
                         default_retryable: true, default_retry_limit: 30, description: step)
      end
    end
  end

  class << self
    def register = Tasker::HandlerFactory.instance.register(NAME, Handler)

    def connection = Tasker::ApplicationRecord.connection

    def create_table
      connection.execute("CREATE TABLE #{TABLE} (workflow_step_id bigint, attempt integer, pid integer)")
    end

    def drop_table = connection.execute("DROP TABLE IF EXISTS #{TABLE}")

    def note(step_id, attempt)
      connection.transaction do
        connection.execute("INSERT INTO #{TABLE} VALUES (#{step_id}, #{attempt}, #{Process.pid})")
      end
    end

    # The processes that did something.
    def pids = connection.select_values("SELECT DISTINCT pid FROM #{TABLE}")

    # Makes tasks; their jobs are enqueued.
    def create(count)
      Array.new(count) do |number|
        Tasker::HandlerFactory.instance.get(NAME).initialize_task!(
          Tasker::Types::TaskRequest.new(name: NAME, context: { 'number' => number, 'unique' => SecureRandom.hex(8) },
                                         initiator: 'spec', source_system: 'spec', reason: 'spec')
        ).task_id
      end
    end

    # @return [Integer] how many tasks are not complete
    def unfinished = count('SELECT count(*) FROM tasker_tasks WHERE complete IS NOT TRUE')

    # What must hold in the end, as counts of rows where it does not.
    def violations = VIOLATIONS.transform_values { |sql| count(sql) }

    def count(sql) = connection.select_value(sql).to_i
  end
end
