# frozen_string_literal: true

require_relative 'parity_helper'

RSpec.describe 'the events of tasker-engine', :parity do
  constants = Tasker::Constants
  names = ->(container) { container.constants.map { |name| container.const_get(name) } }
  groups = {
    lifecycle: [constants::TaskEvents, constants::StepEvents, constants::WorkflowEvents,
                constants::ObservabilityEvents::Task, constants::ObservabilityEvents::Step].flat_map(&names),
    export: Tasker::Telemetry::Events::ExportEvents::ALL_EVENTS,
    registry: constants::RegistryEvents::ALL_REGISTRY_EVENTS
  }

  groups.each do |group, expected|
    it "are those of the catalogue's group #{group}" do
      expect(TaskerCore.events.select { |event| event.group == group }.map(&:name)).to match_array(expected)
    end
  end

  it 'count those that the application registered with the engine' do
    Tasker::Events.register_custom_event('parity.registered', description: 'It was registered.')
    expect(TaskerCore.events['parity.registered']).to have_attributes(group: :custom, meaning: 'It was registered.')
    expect(TaskerCore.events.to_a.last.name).to eq('parity.registered')
  ensure
    Tasker::Events::CustomRegistry.instance.clear!
  end

  ['order', 'task.paid', 'Workflow.paid', 'step.completed', 'observability.task.enqueue'].each do |name|
    it "leave the name #{name} to nobody else" do
      expect { Tasker::Events.register_custom_event(name) }.to raise_error(ArgumentError)
      expect { TaskerCore.events.register(name, meaning: '') }.to raise_error(TaskerCore::InvalidArgument)
    end
  end
end
