# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe TaskerCore::Configuration do
  subject(:configuration) { described_class.new }

  it 'has every switch off' do
    expect(described_class.switches).to include(:dependency_resolution, :state_transitions, :orchestration)
    expect(described_class.switches.map { |name| configuration.public_send(name) }.uniq).to eq([:off])
  end

  it 'takes the values of a switch as symbols or strings, and nothing else' do
    configuration.dependency_resolution = 'shadow'
    expect(configuration.dependency_resolution).to eq(:shadow)
    [nil, true, :on, 'ACTIVE', 1].each do |value|
      expect { configuration.dependency_resolution = value }
        .to raise_error(TaskerCore::ConfigurationError, /dependency_resolution is .*; it must be one of :off, :shadow/)
    end
    expect(configuration.dependency_resolution).to eq(:shadow)
  end

  it 'refuses settings of the core that the core would refuse' do
    { log_level: :loud, log_format: 'xml', max_procs: -1, max_sessions: 0, on_report: 'a string' }.each do |name, value|
      expect { configuration.public_send(:"#{name}=", value) }
        .to raise_error(TaskerCore::ConfigurationError, /\A#{name} is .*; it must be /)
    end
  end

  it 'documents every setting, and its default is allowed' do
    described_class.settings.each_value do |setting|
      expect(setting.doc).to end_with('.')
      expect(setting.accept(setting.default)).to eq(setting.default)
    end
  end

  it 'hands the core its settings only' do
    configuration.log_level = :debug
    expect(configuration.core_settings).to include('log_level' => 'debug', 'max_procs' => 2)
    expect(configuration.core_settings.keys).not_to include('dependency_resolution', 'on_report')
  end

  it 'opens another core when a setting of it changes' do
    TaskerCore.configure { |config| config.log_level = :error }
    first = TaskerCore::Core.current
    TaskerCore.configure { |config| config.log_level = :error }
    expect(TaskerCore::Core.current).to equal(first)
    TaskerCore.configure { |config| config.log_level = :warn }
    expect(TaskerCore::Core.current).not_to equal(first)
    expect(TaskerCore::Core.current.call('ping', {})).to eq('pong')
  end
end
