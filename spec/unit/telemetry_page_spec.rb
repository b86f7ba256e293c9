# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe 'docs/TELEMETRY.md' do
  page = File.read(File.expand_path('../../docs/TELEMETRY.md', __dir__))

  it 'lists every metric with its type' do
    listed = page.scan(/^\| `(tasker_core_\w+)` \| (\w+) \|/).to_h.transform_values(&:to_sym)
    expect(listed).to eq(TaskerCore::EngineMetrics::METRICS)
  end
end
