# frozen_string_literal: true

require_relative 'parity_helper'

# What tells users whether it is safe to go active, on the real engine.
RSpec.describe TaskerCore::Verification do
  it 'finds engine and core alike on random tasks, asking all of both, and neither writes' do
    random_tasks(Random.new(14), number: 40)
    report = TaskerCore.verify

    expect(report.to_s).to match(/\ASafe to go active: engine and core answer alike on 40 of 40 tasks \([^)]+\)\.\z/)
    expect(report.answers).to eq(described_class::Question.names.to_h { |name| [name, 40] })
  end

  it "asks the engine's own methods while every switch is on" do
    task = Rows.workflow(steps: [{ state: 'complete', processed: true }, {}], edges: [[1, 2]])
    names = []
    listener = ->(*, payload) { names << payload[:name].to_s }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record') do
      TaskerCore.verify(task_ids: [task.task_id])
    end

    engine = names.grep_v(/\ATaskerCore /)
    expect(engine.grep(/Load/).uniq)
      .to include('StepReadinessStatus Load', 'StepReadinessStatus Batch Load', 'TaskExecutionContext Load',
                  'TaskExecutionContext Batch Load', 'DependencyLevels Load', 'Tasker::StepDagRelationship Load',
                  'Tasker::WorkflowStepTransition Load', 'Tasker::TaskTransition Load')
    expect(names.grep(/\ATaskerCore /)).to include('TaskerCore task_snapshot', 'TaskerCore current_step_state')
  end

  it 'finds a rule that the engine has and the core has not' do
    Rows.workflow(steps: [{ state: 'error', attempts: 1, state_ago: 0.5 }, {}], edges: [[1, 2]])
    TaskerCore.verify
    Database.connection.execute(<<~SQL)
      DO $$ BEGIN EXECUTE replace(pg_get_functiondef('get_step_readiness_status(bigint, bigint[])'::regprocedure),
        'LEAST(', '0 * LEAST('); END $$
    SQL
    report = TaskerCore.verify

    expect(report).to have_attributes(safe?: false, exit_code: 1)
    expect(report.differences.map(&:question).uniq).to include(:step_readiness)
    expect(report.differences.first.message).to match(/ from the engine, .* from the core/)
  end
end
