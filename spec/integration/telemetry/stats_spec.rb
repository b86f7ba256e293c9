# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/otlp_receiver'

RSpec.describe 'TaskerCore.stats', :orchestration, database: :committed do
  let(:line) { { 'one' => [], 'two' => ['one'] } }

  # What has changed since, of numbers.
  def change(name, **labels)
    before = TaskerCore.stats[name, **labels].to_f
    yield
    TaskerCore.stats[name, **labels].to_f - before
  end

  def run(...) = Timeout.timeout(20) { Scripted.handle(Scripted.task(...)) }

  it 'counts sessions, claims and finished steps' do
    expect(change('tasker_core_steps_finished_total') { run(line) }).to eq(2)
    expect(change('tasker_core_claims_total') { run(line) }).to eq(2)
    expect(change('tasker_core_sessions_opened_total') { run(line) }).to eq(1)
    expect(change('tasker_core_sessions_open') { run(line) }).to eq(0)
    expect(change('tasker_core_claims_refused_total') { run(line) }).to eq(0)
  end

  it 'measures statements where they run, and operations with them' do
    TaskerCore::Core.reset
    run(line)
    claims = TaskerCore.stats['tasker_core_statement_duration_seconds', statement: 'claim_step']
    calls = TaskerCore.stats['tasker_core_operation_duration_seconds', operation: 'session_claim']

    # The second step is claimed with the completion of the first.
    expect(claims).to have_attributes(count: 1, sum: be_between(0.00005, 5))
    expect(calls).to have_attributes(count: 1, sum: be > claims.sum)
    expect(claims.quantile(0.5)).to be_between(0.0001, 10)
    expect(claims.counts).to eq(claims.counts.sort)
    expect(claims.quantile(1)).to be >= claims.quantile(0.5)
  end

  it 'counts failures by operation and code, and what Ruby counts' do
    client = TaskerCore.on(Tasker::ApplicationRecord.connection)
    missing = change('tasker_core_operation_errors_total', operation: 'transition_step', code: 'not_found') do
      expect { client.transition_step(0, to: :complete) }.to raise_error(TaskerCore::NotFound)
    end
    expect(missing).to eq(1)

    expect(change('tasker_core_failovers_total', capability: 'orchestration') do
      TaskerCore::Failover.note(:orchestration, 'spec', RuntimeError.new('spec'))
    end).to eq(1)
    expect(client.stats.to_h['tasker_core_failovers_total']).to eq({ 'capability' => 'orchestration' } => 1.0)
  end

  it 'gives a text that Prometheus reads' do
    run(line)
    TaskerCore::Failover.note(:orchestration, 'spec', RuntimeError.new('spec'))
    receiver = OtlpReceiver.new
    families = receiver.metrics(TaskerCore.stats.to_prometheus)

    expect(families).to include('tasker_core_claims_total' => { 'type' => 'COUNTER', 'samples' => 1 },
                                'tasker_core_statement_duration_seconds' => a_hash_including('type' => 'HISTOGRAM'),
                                'tasker_core_failovers_total' => { 'type' => 'COUNTER', 'samples' => 1 })
  ensure
    receiver&.stop
  end

  describe TaskerCore::EngineMetrics do
    # What it needs of the engine's backend; spec/parity asks the real one.
    let(:backend) { Struct.new(:metrics).new(Concurrent::Hash.new) }

    it 'shows every metric, as the sum over its labels' do
      run(line)
      expect(described_class.register(backend)).to eq(described_class::METRICS.size)
      expect(described_class::METRICS).to eq(TaskerCore.stats.metrics.to_h { |metric| [metric.name, metric.kind] })

      claims = backend.metrics.fetch('tasker_core_claims_total')
      before = claims.to_h
      run(line)
      expect(claims.to_h).to eq(before.merge(value: before[:value] + 2))
      expect(claims.to_h).to include(name: 'tasker_core_claims_total', type: :counter, labels: {})
    end

    it 'shows a histogram with its buckets, as the engine has them' do
      run(line)
      shown = described_class.new('tasker_core_statement_duration_seconds', :histogram).to_h

      expect(shown[:buckets].keys).to eq(shown[:buckets].keys.sort)
      expect(shown[:buckets]).to include(Float::INFINITY => shown[:count])
      expect(shown[:count]).to be > 4
      expect(shown[:average]).to be_within(1e-9).of(shown[:sum] / shown[:count])
    end

    it 'does not load the core for an export', :other_process do
      script = 'b = Struct.new(:metrics).new({}); TaskerCore::EngineMetrics.register(b); ' \
               'values = b.metrics.values.map(&:value); print [values.uniq, TaskerCore::Library.loaded?]'
      command = [RbConfig.ruby, '-I', File.expand_path('../../../lib', __dir__), '-r', 'active_support/all', '-r',
                 'tasker_core', '-e', script]
      expect(IO.popen(command, &:read)).to eq('[[0], false]')
    end
  end
end
