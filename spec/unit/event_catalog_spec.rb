# frozen_string_literal: true

require_relative '../spec_helper'
require 'open3'

RSpec.describe TaskerCore::EventCatalog do
  subject(:catalog) { described_class.new }

  recorded = JSON.parse(File.read(File.expand_path('../fixtures/parity/event-streams.json', __dir__)))
  # [event, keys] of every payload that was recorded.
  payloads = recorded.values.flat_map { |run| run['payload_keys'].flat_map { |name, all| [name].product(all) } }.uniq

  def register(name, **options) = catalog.register(name, meaning: 'An order was paid.', **options)

  it 'holds the events of the engine and of the core' do
    expect(catalog.map(&:group).tally).to eq(lifecycle: 45, export: 6, registry: 14, core: 1)
    expect(catalog['step.completed']).to have_attributes(name: 'step.completed', group: :lifecycle, published?: true)
    expect(catalog[:'workflow.step_failed']).not_to be_published
    expect(catalog['order.paid']).to be_nil
  end

  it 'gives the fields of a payload' do
    fields = catalog['step.completed'].fields.to_h { |field| [field.name, field] }
    expect(fields['step_id']).to have_attributes(type: 'integer', meaning: 'the step', optional?: false)
    expect(fields['step_results']).to be_optional
  end

  payloads.each do |name, keys|
    it "knows the recorded payload of #{name} with #{keys.size} keys" do
      optional, required = catalog[name].fields.partition(&:optional).map { |fields| fields.map(&:name) }
      expect(keys - optional - required).to be_empty
      expect(required - keys).to be_empty
      expect(catalog[name]).to be_published
    end
  end

  it 'registers custom events, listed after the others' do
    paid = register('order.paid', fields: { order_id: :integer })
    expect(register('order.paid', fields: { order_id: :integer })).to eq(paid)
    expect(catalog.to_a.last).to eq(paid)
    expect(catalog['order.paid'].fields.map { |field| [field.name, field.type] }).to eq([%w[order_id integer]])
  end

  { 'order' => /joined by a dot/, 'order.' => /joined by a dot/, "order.paid\n" => /joined by a dot/,
    'order paid.now' => /joined by a dot/, "order.#{'x' * 200}" => /longer than 200/,
    'step.completed' => /the engine's/, 'Task.paid' => /namespace Task is reserved/,
    'relay.paid' => /reserved/ }.each do |name, reason|
    it "refuses #{name.inspect[0, 40]} as the core does" do
      expect { register(name) }.to raise_error(TaskerCore::InvalidArgument, reason)
      client = TaskerCore.on(ActiveRecord::Base.connection)
      expect { client.register_event(name, meaning: '') }.to raise_error(TaskerCore::InvalidArgument, reason)
    end
  end

  it 'refuses another definition under a name that is taken, and unknown types' do
    register('order.paid')
    expect { register('order.paid', fields: { order_id: :integer }) }
      .to raise_error(TaskerCore::InvalidArgument, /registered already/)
    expect { register('order.sent', fields: { order_id: :uuid }) }
      .to raise_error(TaskerCore::InvalidArgument, /order_id is :uuid; it must be one of any, boolean/)
  end

  it 'is the one of the core, which takes custom events too' do
    TaskerCore.open(database_url: Database.url) do |client|
      expect(client.event_catalog).to eq(catalog.to_a)
      client.register_event('order.paid', meaning: 'An order was paid.', fields: { order_id: :integer })
      expect(client.event_catalog.last).to eq(register('order.paid', fields: { order_id: :integer }))
      expect { client.register_event('order.paid', meaning: 'Another.') }
        .to raise_error(TaskerCore::InvalidArgument, /registered already/)
      expect { client.register_event('order.sent', meaning: '', fields: { order_id: 'uuid' }) }
        .to raise_error(TaskerCore::InvalidArgument, /"order_id" of type "uuid"/)
    end
  end

  it 'is known without the native library' do
    code = "require 'tasker_core'; print TaskerCore.events.count, TaskerCore::Library.loaded?"
    output, status = Open3.capture2e(RbConfig.ruby, '-I', File.expand_path('../../lib', __dir__), '-e', code)
    expect([output, status.success?]).to eq(['66false', true])
  end
end
