# frozen_string_literal: true

require_relative 'orchestration_helper'

# What others do to a task while a run has it: seen at the next claim or border at
# the latest, and never overwritten.
RSpec.describe 'changes from outside during a run', :orchestration, database: :committed do
  let(:line) { { 'one' => [], 'two' => ['one'], 'three' => ['two'] } }

  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  # Another process, as far as the run can tell: its own objects, its own connection.
  def outside(&)
    Thread.new { Tasker::ApplicationRecord.connection_pool.with_connection(&) }.value
  end

  # A step that does something to the task of its run from outside.
  def meddle(&block)
    lambda do |task, *|
      outside { block.call(Tasker::Task.find(task.task_id)) }
      { 'meddled' => true }
    end
  end

  it 'never starts a step that was cancelled' do
    ran = []
    task = Scripted.task(line, { 'one' => meddle { |t| step(t, 'two').state_machine.transition_to!('cancelled') },
                                 'two' => ->(*) { ran << 'two' }, 'three' => ->(*) { ran << 'three' } })
    handle(task)

    expect(ran).to eq([])
    expect(step_states(task)).to eq('one' => 'complete', 'two' => 'cancelled', 'three' => 'pending')
  end

  it 'goes on behind a step that was resolved by hand, without running it' do
    ran = []
    task = Scripted.task(line, { 'one' => meddle do |t|
                                            step(t, 'two').state_machine.transition_to!('resolved_manually')
                                          end,
                                 'two' => ->(*) { ran << 'two' }, 'three' => ->(*) { (ran << 'three').then { {} } } })
    handle(task)
    jobs.size.times { run_job(task) }

    expect(ran).to eq(%w[three])
    expect(step_states(task)).to eq('one' => 'complete', 'two' => 'resolved_manually', 'three' => 'complete')
  end

  it 'starts no further step of a task that was cancelled, and leaves it cancelled' do
    task = Scripted.task(line, { 'one' => meddle { |t| t.state_machine.transition_to!('cancelled') } })
    handle(task)

    expect(step_states(task)).to eq('one' => 'complete', 'two' => 'pending', 'three' => 'pending')
    expect([task_state(task), jobs]).to eq(['cancelled', []])
  end

  it 'refuses the result of a step that was cancelled while its handler ran, and says so' do
    task = Scripted.task(line, { 'one' => meddle { |t| step(t, 'one').state_machine.transition_to!('cancelled') } })
    handle(task)

    expect(history(task, 'one')).to eq(%w[in_progress cancelled])
    expect(step(task, 'one')).to have_attributes(results: {}, attempts: 0, processed: false)
    expect(reports.map(&:kind)).to eq(%i[late_result task_held])
  end

  it 'does not overwrite a failure that was recorded from outside' do
    task = Scripted.task(line, { 'one' => meddle { |t| step(t, 'one').state_machine.transition_to!('error') } })
    handle(task)

    expect(history(task, 'one')).to eq(%w[in_progress error])
    expect(step(task, 'one').results).to eq({})
  end

  it 'gives a step its columns as they are when it is claimed' do
    seen = nil
    task = Scripted.task(line, { 'one' => meddle { |t| step(t, 'two').update!(inputs: { 'edited' => true }) },
                                 'two' => ->(_, _, step) { (seen = step.inputs).then { {} } } })
    handle(task)

    expect(seen).to eq('edited' => true)
    expect(step(task, 'two').inputs).to eq('edited' => true)
  end

  it 'gives a step its columns as they are where a refusal made the run read its task anew' do
    seen = nil
    # One after the other, so that the second one has not begun.
    Tasker.configuration.execution { |execution| execution.max_concurrent_steps_limit = 1 }
    task = Scripted.task({ 'one' => [], 'refused' => [], 'two' => ['one'] },
                         { 'one' => meddle do |t|
                                      step(t, 'refused').state_machine.transition_to!('cancelled')
                                      step(t, 'two').update!(inputs: { 'edited' => true })
                                    end,
                           'two' => ->(_, _, step) { (seen = step.inputs).then { {} } } })
    handle(task)

    expect(step_states(task)).to eq('one' => 'complete', 'refused' => 'cancelled', 'two' => 'complete')
    expect(seen).to eq('edited' => true)
  end

  it 'shows a step the results of its parents as they are when it is claimed' do
    seen = nil
    task = Scripted.task({ 'one' => [], 'two' => ['one'], 'three' => %w[one two] },
                         { 'one' => ->(*) { { 'value' => 1 } },
                           'two' => meddle { |t| step(t, 'one').update!(results: { 'value' => 2 }) },
                           'three' => lambda { |_, sequence, _|
                                        (seen = sequence.find_step_by_name('one').results).then do
                                          {}
                                        end
                                      } })
    handle(task)

    expect(seen).to eq('value' => 2)
    expect(step(task, 'one').results).to eq('value' => 2)
  end

  it 'waits where a retry limit was lowered below the attempts' do
    task = Scripted.task(line, { 'one' => meddle { |t| step(t, 'two').update!(attempts: 5, retry_limit: 2) } })
    handle(task)

    expect(history(task, 'two')).to eq([])
  end

  it 'ends where a step was deleted' do
    deleted = meddle do |t|
      gone = step(t, 'three')
      Tasker::WorkflowStepEdge.where(to_step_id: gone.workflow_step_id).delete_all
      gone.destroy!
    end
    task = Scripted.task({ 'one' => [], 'two' => ['one'], 'three' => ['one'] }, { 'one' => deleted })
    handle(task)

    expect(step_states(task)).to include('one' => 'complete', 'two' => 'complete')
    expect(session_stats['sessions_open']).to eq(0)
  end

  it 'sees a step of another task that this one waits for' do
    other = Scripted.task({ 'above' => [] })
    finish_it = ->(*) { outside { Scripted.handle(other) }.then { {} } }
    task = Scripted.task({ 'one' => [], 'below' => [] }, { 'one' => finish_it })
    Rows.insert_edges([[step(other, 'above').workflow_step_id, step(task, 'below').workflow_step_id]])
    handle(task)

    expect(step_states(task)).to eq('one' => 'complete', 'below' => 'complete')
    expect(task_state(task)).to eq('complete')
  end

  it 'runs an edge that was added before its child was claimed' do
    order = []
    note = ->(_, _, step) { (order << step.name).then { {} } }
    add_edge = meddle { |t| step(t, 'three').add_provides_edge!(step(t, 'two')) }
    task = Scripted.task({ 'one' => [], 'two' => ['one'], 'three' => ['one'] },
                         { 'one' => add_edge, 'two' => note, 'three' => note })
    handle(task)

    expect(order).to eq(%w[three two])
    expect(task_state(task)).to eq('complete')
  end

  describe 'a second run of the same task at the same time' do
    # Who comes when the task is complete or taken, or moves the task at the same moment
    # as somebody else, is refused as by the engine; Active Job tries that job again.
    def run_or_be_refused(task)
      run_job(task)
    rescue Tasker::ProceduralError, Statesman::TransitionConflictError => e
      raise unless e.message.match?(/complete|task is not pending|Another process/)
    end

    it 'that sets the task pending just before it is completed takes nothing from its completion' do
      task = Scripted.task({ 'one' => [] })
      meddle = lambda do |_|
        outside { Tasker::Task.find(task.task_id).state_machine.transition_to!('pending') }
      end
      listen(['workflow.task_finalization_started'], meddle) { handle(task) }

      expect(Tasker::Task.find(task.task_id)).to have_attributes(status: 'complete', complete: true)
    end

    it 'executes no step twice' do
      ran = Queue.new
      count = ->(_, _, step) { sleep(0.05).then { ran << step.name }.then { {} } }
      graph = { 'a' => [], 'b' => [], 'c' => %w[a b], 'd' => %w[a b], 'e' => %w[c d] }
      task = Scripted.task(graph, graph.transform_values { count })
      runs = Array.new(4) { Thread.new { outside { run_or_be_refused(task) } } }
      runs.each { |run| run.join(30) }
      3.times { run_job(task) unless task_state(task) == 'complete' }

      expect(Array.new(ran.size) { ran.pop }.sort).to eq(%w[a b c d e])
      expect(steps(task).values.map(&:attempts)).to all(eq(1))
      expect(task_state(task)).to eq('complete')
    end
  end
end
