# frozen_string_literal: true

require 'json'

# Recorded from tasker-engine 0.1.0. Times are seconds from one moment, so a case
# is inserted and asked about in one transaction, in which now() stands still. They
# are for any core that asks its host to run the statements: let(:core).
RSpec.shared_examples 'readiness as the engine recorded it' do
  recorded = JSON.parse(File.read(File.expand_path('../fixtures/parity/readiness-vectors.json', __dir__)))

  let(:host) { TaskerCore::HostConnection.new(Database.connection) }
  let(:client) { TaskerCore::Client.new(core, host) }
  let(:now) { Rows.now }
  let(:workflow) { insert(recorded_case) }
  let(:expected) { recorded_case.fetch('expect') }

  # Columns of a step as the case has them; a time is so many seconds ago.
  def columns(step)
    ago = step.fetch('last_attempted_ago')
    { **step.symbolize_keys.slice(:state, :state_ago, :history, :attempts, :retry_limit, :retryable, :in_process,
                                  :processed, :backoff_request_seconds),
      last_attempted_at: ago && Rows.now(ago) }
  end

  def insert(recorded_case)
    expect(recorded_case.fetch('steps').map { |step| step.fetch('key') }).to eq([*1..recorded_case['steps'].size])
    Rows.workflow(steps: recorded_case.fetch('steps').map { |step| columns(step) },
                  edges: recorded_case.fetch('edges'), state: recorded_case.dig('task', 'state'))
  end

  def key(step_id) = workflow.step_ids.index(step_id) + 1
  def seconds(from, to) = from && to && (to - from).round(6).to_f

  def readiness(rows)
    rows.map do |row|
      { 'key' => key(row.workflow_step_id), 'last_failure_ago' => seconds(row.last_failure_at, now),
        'next_retry_in' => seconds(now, row.next_retry_at),
        **row.to_h.slice(:current_state, :dependencies_satisfied, :retry_eligible, :ready_for_execution,
                         :total_parents, :completed_parents, :attempts, :retry_limit).transform_keys(&:name) }
    end
  end

  def context(row)
    row.to_h.except(:task_id, :named_task_id).transform_keys(&:name)
       .merge('completion_percentage' => row.completion_percentage.to_f)
  end

  def readiness_by(version)
    arguments = { 'task_id' => workflow.task_id, 'step_ids' => nil, 'function_version' => version }
    readiness(TaskerCore::StepReadiness.all(core.call('step_readiness', arguments, host)))
  end

  def dag(rows)
    rows.map do |row|
      { 'key' => key(row.workflow_step_id), 'parents' => row.parent_step_ids.map { |id| key(id) },
        'children' => row.child_step_ids.map { |id| key(id) }, 'is_root' => row.is_root_step,
        'is_leaf' => row.is_leaf_step, 'min_depth' => row.min_depth_from_root }
    end
  end

  it 'has 300 cases' do
    expect(recorded.fetch('cases').size).to eq(300)
  end

  # The first ones have every kind of answer; who is slow leaves the others out.
  recorded.fetch('cases').each_with_index do |one, number|
    context "with case #{one.fetch('id')}", many: number >= 30 do
      let(:recorded_case) { one }

      it 'answers as the engine did' do
        aggregate_failures do
          id = workflow.task_id
          expect(readiness(client.step_readiness(id))).to eq(expected.fetch('readiness'))
          expect(readiness(client.step_readiness_batch([id]))).to eq(expected.fetch('readiness'))
          expect(readiness_by(1)).to eq(expected.fetch('readiness_v01'))
          expect(context(client.task_execution_context(id))).to eq(expected.fetch('context'))
          expect(client.task_execution_contexts([id]).map { |row| context(row) }).to eq([expected.fetch('context')])
          expect(client.dependency_levels(id).map { |row| [key(row.workflow_step_id), row.dependency_level] })
            .to eq(expected.fetch('levels').sort_by(&:reverse))
          expect(dag(client.step_dag(id))).to eq(expected.fetch('dag'))
          expect(client.viable_steps(id).map { |step| key(step) })
            .to eq(expected.fetch('readiness').filter_map { |row| row['key'] if row['ready_for_execution'] })
        end
      end
    end
  end

  it 'answers all cases in one batch, each row with its own task' do
    workflows = recorded.fetch('cases').to_h { |one| [insert(one), one.dig('expect', 'readiness')] }
    rows = client.step_readiness_batch(workflows.keys.map(&:task_id)).group_by(&:task_id)

    workflows.each do |made, answers|
      ready = rows.fetch(made.task_id, []).map { |row| [row.workflow_step_id, row.ready_for_execution] }
      expect(ready).to eq(answers.map { |row| [made[row['key']], row['ready_for_execution']] })
    end
  end
end
