# frozen_string_literal: true

require 'json'
require 'spec_helper'

RSpec.describe TaskerCore::Analytics do
  subject(:client) { TaskerCore.on(Database.connection) }

  root = File.expand_path('../../..', __dir__)
  sets = JSON.parse(File.read("#{root}/spec/fixtures/parity/analytics-vectors.json")).fetch('sets')
  load_set = File.read("#{root}/ext/tasker_core/go/schema/testdata/load_analytics.sql")

  def ago(seconds) = Rows.now(seconds)

  # As the recorded answers have them: decimals as floats, without what differs from run to run.
  def comparable(row, *without)
    row.to_h.except(*without).transform_keys(&:name).transform_values { |v| v.is_a?(BigDecimal) ? v.to_f : v }
  end

  def rowwise(rows) = rows.map { |row| comparable(row, :created_at, :completed_at) }

  describe 'recorded databases', :database do
    sets.each do |set|
      it "answers like tasker-engine on database #{set['id']}" do
        Database.connection.exec_query(load_set, 'load', [JSON.generate(set)])
        recent, old = [7500, 300_000].map { |seconds| ago(seconds) }
        expect(
          'system_health' => comparable(client.system_health_counts, :active_connections, :max_connections),
          'analytics_default' => comparable(client.analytics_metrics, :analysis_period_start, :calculated_at),
          'analytics_2h' => comparable(client.analytics_metrics(since: recent), :analysis_period_start, :calculated_at),
          'slowest_steps_default' => rowwise(client.slowest_steps),
          'slowest_steps_payments_5' => rowwise(client.slowest_steps(since: old, limit: 5, namespace: 'payments')),
          'slowest_steps_order' => rowwise(client.slowest_steps(since: old, task_name: 'order', version: '1.0.0')),
          'slowest_tasks_default' => rowwise(client.slowest_tasks),
          'slowest_tasks_etl_3' => rowwise(client.slowest_tasks(since: old, limit: 3, namespace: 'etl'))
        ).to eq(set.fetch('expect'))
      end
    end
  end

  describe 'an empty database', :database do
    it 'counts nothing, and finds the asking connection' do
      counts = client.system_health_counts.to_h
      expect(counts.except(:active_connections, :max_connections).values).to all(eq(0))
      expect(counts[:active_connections]).to be >= 1
      expect(counts[:max_connections]).to eq(Integer(Database.connection.select_value('SHOW max_connections')))
    end

    it 'takes a database without work for healthy' do
      metrics = client.analytics_metrics
      expect(metrics).to have_attributes(system_health_score: 1, completion_rate: 0, task_throughput: 0,
                                         avg_task_duration: 0, step_throughput: 0)
    end

    it 'has no slowest steps and tasks' do
      expect(client.slowest_steps).to eq([])
      expect(client.slowest_tasks).to eq([])
    end
  end

  describe 'values', :database do
    def two_minutes
      Rows.workflow(steps: [{ state: 'complete', state_ago: -120.123456 }])
    end

    it 'gives times to the microsecond and decimals exactly' do
      flow = two_minutes
      step = client.slowest_steps.first
      expect(step).to have_attributes(workflow_step_id: flow[1], duration_seconds: BigDecimal('120.123'),
                                      created_at: Rows.now, completed_at: Rows.now(-120.123456r), retryable: true)
      expect(client.slowest_tasks.first.duration_seconds).to eq(BigDecimal('120.123'))
    end

    it 'starts the period where it is told to' do
      since = Time.at(1_700_000_000, 123_457, :microsecond)
      metrics = client.analytics_metrics(since:)
      expect(metrics).to have_attributes(analysis_period_start: since, calculated_at: Rows.now)
      expect(client.analytics_metrics.analysis_period_start).to eq(Rows.now(3600))
    end

    it 'compares with what was made after, not at, the given moment' do
      two_minutes
      expect(client.slowest_steps(since: Rows.now)).to eq([])
      expect(client.slowest_steps(since: Rows.now(0.000001r)).size).to eq(1)
    end

    it 'gives every row without a limit, and none with 0' do
      12.times { two_minutes }
      expect([client.slowest_steps.size, client.slowest_steps(limit: nil).size, client.slowest_tasks(limit: 0).size])
        .to eq([10, 12, 0])
    end

    it 'refuses a negative limit' do
      expect { client.slowest_steps(limit: -1) }.to raise_error(TaskerCore::InvalidArgument, /limit is -1/)
    end

    it 'takes a filter as a value, never as SQL' do
      two_minutes
      expect(client.slowest_tasks(namespace: "x' OR true --")).to eq([])
      expect(client.slowest_tasks(task_name: 'spec_task').size).to eq(1)
    end

    it 'counts a step of a slow task once for each row of its history, as the engine does' do
      Rows.workflow(steps: [{ state: 'complete', state_ago: -5, history: 2 }, { state: nil }])
      expect(client.slowest_tasks.first).to have_attributes(step_count: 4, completed_steps: 3, error_steps: 0)
    end
  end

  it 'needs none of the functions', :database do
    %w[get_system_health_counts_v01() get_analytics_metrics_v01(timestamptz)
       get_slowest_steps_v01(timestamptz,int,text,text,text) get_slowest_tasks_v01(timestamptz,int,text,text,text)]
      .each { |signature| Database.connection.execute("DROP FUNCTION #{signature}") }
    expect { [client.system_health_counts, client.analytics_metrics, client.slowest_steps, client.slowest_tasks] }
      .not_to raise_error
  end
end
