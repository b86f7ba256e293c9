# frozen_string_literal: true

require_relative '../../spec_helper'

RSpec.describe 'ids', :database do
  let(:client) { TaskerCore.on(Database.connection) }
  let(:core) { TaskerCore::Core.current }
  let(:host) { TaskerCore::HostConnection.new(Database.connection) }

  [nil, [], 'seven', 2**63, -(2**63) - 1].each do |bad|
    it "says that #{bad.inspect} is no id" do
      expect { client.dependency_levels(bad) }.to raise_error(TaskerCore::InvalidArgument, /is not an id/)
      expect { client.step_readiness_batch([1, bad]) }.to raise_error(TaskerCore::InvalidArgument, /is not an id/)
    end
  end

  it 'takes the largest and the smallest id there can be' do
    [(2**63) - 1, -(2**63)].each do |extreme|
      expect(client.step_dag(extreme)).to eq([])
      expect(client.task_execution_context(extreme)).to be_nil
    end
  end

  it 'refuses at the wire what no binding should send' do
    refused = { {} => /task_id is missing/, { 'task_id' => nil } => /task_id is missing/,
                { 'task_id' => 2**63 } => /too large for an id/, { 'task_id' => 'seven' } => /invalid arguments/ }
    refused.each do |arguments, words|
      expect { core.call('dependency_levels', arguments, host) }.to raise_error(TaskerCore::InvalidArgument, words)
    end
  end
end
