# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

# Each happening is published once. spec/parity has the same with the real engine.
RSpec.describe 'deduplicated events', :orchestration, database: :committed do
  lifecycle = TaskerCore.events.select { |event| event.group == :lifecycle }.map(&:name)
  diamond = { 'a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c] }

  def deduplicate = TaskerCore.configure { |c| c.deduplicate_events = true }

  %i[off active].each do |delegation|
    context "with orchestration #{delegation}" do
      before { TaskerCore.configure { |c| c.orchestration = delegation } }

      it 'publishes what happens to a task and its steps once, with the fullest payload' do
        deduplicate
        task = Scripted.task(diamond)
        seen = events(*lifecycle) { Scripted.handle(task) }
        counts = seen.map(&:first).tally

        expect(counts).to include('task.start_requested' => 1, 'task.completed' => 1, 'step.execution_requested' => 4,
                                  'step.completed' => 4, 'step.before_handle' => 4,
                                  'workflow.viable_steps_discovered' => 3, 'workflow.steps_execution_started' => 3,
                                  'workflow.no_viable_steps' => 1, 'workflow.task_finalization_started' => 1,
                                  'workflow.task_finalization_completed' => 1)
        by_name = seen.to_h
        expect(by_name['step.completed']).to include(:to_state, :attempt_number, :step_name)
        expect(by_name['task.completed']).to include(:completion_percentage, :total_steps)
        expect(by_name['workflow.viable_steps_discovered']).to include(:viable_count, :step_names)
      end

      it 'publishes a failure once, with the class of the exception' do
        deduplicate
        task = Scripted.task({ 'a' => [] }, { 'a' => ->(*) { raise IndexError, 'boom' } }, retry_limit: 1)
        seen = events('step.failed', 'task.failed') { Scripted.handle(task) }

        expect(seen.map(&:first)).to eq(%w[step.failed task.failed])
        expect(seen.last.last).to include(error_message: 'steps_in_error_state')
      end

      it 'keeps the transition of a task that nobody finalizes' do
        deduplicate
        task = Scripted.task(diamond)
        steps(task).each_value { |step| step.state_machine.transition_to!(:resolved_manually) }
        task.state_machine.transition_to!(:in_progress)
        seen = events('task.completed') { task.state_machine.transition_to!(:complete) }

        expect(seen.map(&:last)).to contain_exactly(include(to_state: 'complete'))
      end
    end
  end

  it 'leaves every event to subscribers again once it is switched off' do
    deduplicate
    TaskerCore.configure { |c| c.deduplicate_events = false }
    task = Scripted.task({ 'a' => [] })

    expect(events('step.completed') { Scripted.handle(task) }.size).to eq(3)
  end

  it 'leaves custom events alone' do
    deduplicate
    seen = events('order.paid') { Tasker::Events::Publisher.instance.publish('order.paid', order_id: 1) }
    expect(seen.map(&:last)).to contain_exactly(include(order_id: 1))
  end
end
