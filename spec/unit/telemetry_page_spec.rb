# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe 'docs/TELEMETRY.md' do
  page = File.read(File.expand_path('../../docs/TELEMETRY.md', __dir__))

  it 'lists every metric with its type' do
    listed = page.scan(/^\| `(tasker_core_\w+)` \| (\w+) \|/).to_h.transform_values(&:to_sym)
    expect(listed).to eq(TaskerCore::EngineMetrics::METRICS)
  end

  it 'lists the settings with their defaults' do
    listed = page.scan(/^\| `(\w+)` \| (`?:?\w[\w.]*`?) \|/).to_h.reject { |name, _| name.start_with?('tasker_core_') }
    defaults = listed.to_h { |name, _| [name, TaskerCore::Configuration.settings.fetch(name.to_sym).default.inspect] }
    expect(listed.transform_values { |shown| shown.delete('`') }).to eq(defaults)
    expect(listed.size).to eq(8)
  end
end
