# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/collector'

# What a core with connections of its own publishes on its bus, after the commit.
RSpec.describe 'the events of TaskerCore.open', database: :committed do
  let(:client) { TaskerCore.open(database_url: Database.url) }
  let(:flow) { Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]], state: 'in_progress') }
  let(:got) { Collector.new }

  after { client.close }

  def happened(count) = got.first(count).map { |event| [event.name, event.task_id, event.step_id] }

  it 'tell of transitions, with names and states' do
    client.subscribe('*') { |event| got << [event, client.current_step_state(flow[1])] }
    client.transition_step(flow[1], to: :in_progress)
    client.transition_step(flow[1], to: :error)

    (first, state), (second,) = got.first(2)
    named = Tasker::WorkflowStep.find(flow[1])
    expect(first).to have_attributes(name: 'step.execution_requested', task_id: flow.task_id, step_id: flow[1],
                                     step_name: named.name, task_name: named.task.name)
    expect(first.payload).to include(task_id: flow.task_id, step_id: flow[1], step_name: named.name,
                                     from_state: 'pending', to_state: 'in_progress')
    expect(first.namespace).to be_a(String)
    expect(second.name).to eq('step.failed')
    expect(state).to eq('in_progress').or eq('error')
  end

  it 'tell nothing of what was refused' do
    client.subscribe('*') { |event| got << event }
    client.transition_step(flow[2], to: :in_progress)
    client.transition_step(flow[1], to: :complete)
    client.transition_task(flow.task_id, to: :cancelled)

    expect(happened(1)).to eq([['task.cancelled', flow.task_id, nil]])
    expect(got.first(1).first).to have_attributes(task_name: Tasker::Task.find(flow.task_id).name)
    expect(client.event_stats).to include(published: 1)
  end

  it 'tell of every step that a session runs' do
    client.subscribe('step.*', task_id: flow.task_id) { |event| got << event }
    session = client.open_session(flow.task_id)
    flow.step_ids.each do |id|
      session.claim(id)
      session.complete(id, results: {})
    end

    expect(happened(6)).to eq(flow.step_ids.flat_map do |id|
      [['step.execution_requested', flow.task_id, id], ['step.completed', flow.task_id, id]]
    end)
  end

  it 'tell of many steps in the order of their ids' do
    client.subscribe('*') { |event| got << event }
    client.transition_steps(flow.step_ids.reverse, to: :cancelled)

    expect(happened(3)).to eq(flow.step_ids.map { |id| ['step.cancelled', flow.task_id, id] })
  end

  it 'tell of a step that fails and is tried again, and of one that is taken from its worker' do
    client.subscribe('*') { |event| got << event }
    session = client.open_session(flow.task_id)
    session.claim(flow[1])
    session.fail(flow[1], error: IOError.new('no'))
    session.retry(flow[1])
    session.claim(flow[1])
    client.reset_stuck(older_than: 0)

    names = %w[step.execution_requested step.failed step.retry_requested]
    expect(happened(7)).to eq([*names, *names].map { |name| [name, flow.task_id, flow[1]] } +
                              [['task.initialize_requested', flow.task_id, nil]])
  end

  it 'are delivered before the client is closed' do
    client.subscribe('*') { |event| got << event }
    client.transition_step(flow[1], to: :cancelled)
    client.close

    expect(got.to_a.map(&:name)).to eq(%w[step.cancelled])
  end

  it 'stay apart from those of another client' do
    client.subscribe('*') { |event| got << event }
    TaskerCore.open(database_url: Database.url) do |other|
      other.transition_step(flow[1], to: :in_progress)
      expect(other.event_stats).to include(published: 1, matched: 0)
    end
    client.transition_step(flow[1], to: :error)

    expect(happened(1)).to eq([['step.failed', flow.task_id, flow[1]]])
  end
end
