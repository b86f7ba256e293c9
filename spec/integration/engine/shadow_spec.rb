# frozen_string_literal: true

require_relative 'delegation_helper'

RSpec.describe TaskerCore::Shadow, :database, :delegation do
  let!(:task) { Rows.workflow(steps: [{ state: 'complete', processed: true }, {}], edges: [[1, 2]]) }
  let(:readiness) { DelegationHelper::READINESS }

  before { switch :shadow }

  # A function that answers otherwise than the engine's, without its body being
  # asked: the version found before is kept.
  def change_function(from, to)
    readiness.for_task(task.task_id)
    Database.connection.execute(<<~SQL)
      DO $$ BEGIN EXECUTE replace(pg_get_functiondef('get_step_readiness_status(bigint, bigint[])'::regprocedure),
        #{Database.connection.quote(from)}, #{Database.connection.quote(to)}); END $$
    SQL
  end

  it 'asks both and reports nothing where they agree' do
    names = statements { expect(states(task)).to eq(%w[complete pending]) }
    expect(names).to include('StepReadinessStatus Load', 'TaskerCore task_snapshot')
    expect(reports).to be_empty
  end

  it 'returns the engine\'s answer and reports the first difference' do
    change_function("'pending'", "'waiting'")
    expect(states(task)).to eq(%w[complete waiting])
    expect(reports.size).to eq(1)
    expect(reports.first).to have_attributes(
      kind: :difference, operation: "#{readiness.name}.for_task",
      message: include('current_state is "waiting" from the engine, "pending" from the core')
    )
    expect(reports.first.details).to include(arguments: [task.task_id, nil])
  end

  it 'reports in the words that docs/DEPLOYMENT.md explains' do
    change_function("'pending'", "'waiting'")
    states(task)
    said = reports.first.message.sub("for_task(#{task.task_id},", 'for_task(42,').sub("row #{task[2]}:", 'row 101:')
    page = File.read("#{TaskerCore::Installation::ROOT}/docs/DEPLOYMENT.md")
    expect(page).to include("\ntasker_core: #{said}\n")
  end

  it 'compares the DAG rows that a relation loads' do
    names = statements { DelegationHelper::DAG.where(task_id: task.task_id).load }
    expect(names.size).to be >= 2
    expect(reports).to be_empty
  end

  it 'tells missing and additional rows' do
    rows = readiness.for_task(task.task_id)
    expect(described_class.difference(rows, rows.first(1))).to match(/the core has no row #{task[2]}/)
    expect(described_class.difference(rows.first(1), rows)).to match(/the engine has no row #{task[2]}/)
    expect(described_class.difference(nil, nil)).to be_nil
  end

  it 'costs the caller nothing when the core fails inside the transaction' do
    answer = described_class.read(:dependency_resolution, 'Some.method', [], -> { :engine }) do
      TaskerCore::HostConnection.new(Database.connection).answer('bad', 'SELECT no_such_column', [], false)
      raise TaskerCore::DatabaseError.new('no_such_column', code: 'database')
    end
    expect(answer).to eq(:engine)
    expect(states(task)).to eq(%w[complete pending])
    expect(reports.map(&:kind)).to eq([:failover])
  end
end
