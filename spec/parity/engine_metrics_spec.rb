# frozen_string_literal: true

require_relative 'parity_helper'

RSpec.describe TaskerCore::EngineMetrics, :parity do
  let(:backend) { Tasker::Telemetry::MetricsBackend.send(:new) }

  it "shows the core's metrics to the engine's backend and its exporters" do
    described_class.register(backend)
    TaskerCore.on(Tasker::ApplicationRecord.connection).viable_steps(0)

    exported = backend.export
    expect(exported[:total_metrics]).to eq(described_class::METRICS.size)
    expect(exported[:metrics]['tasker_core_operation_duration_seconds'][:count]).to be_positive
    expect(backend.stats).to include(histogram_metrics: 2)
    text = Tasker::Telemetry::PrometheusExporter.new(backend).export
    expect(text).to match(/^# TYPE tasker_core_claims_total counter\ntasker_core_claims_total \d+$/)
    expect(text).to match(/^tasker_core_statement_duration_seconds_bucket\{le="0\.001"\} \d+$/)
  end
end
