# frozen_string_literal: true

require_relative 'orchestration_helper'

# Handlers that run at the same time, or one after the other, share what the
# engine's share and no more.
RSpec.describe 'handlers beside each other', :orchestration, database: :committed do
  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  it 'may change a sibling through the sequence while it runs' do
    running = Queue.new
    changed = Queue.new
    task = Scripted.task({ 'one' => [], 'two' => [] }, {
                           'one' => lambda { |_, sequence, _|
                             running.pop(timeout: 5)
                             sequence.find_step_by_name('two').update!(inputs: { 'by' => 'one' })
                             changed << true
                             {}
                           },
                           'two' => lambda { |_, _, step|
                             step.results = { 'half' => true }
                             running << true
                             changed.pop(timeout: 5)
                             { 'seen' => step.inputs }
                           }
                         })
    handle(task)

    expect(step(task, 'two').inputs).to eq('by' => 'one')
  end

  it 'do not see what a sibling has not saved yet' do
    set = Queue.new
    seen = Queue.new
    task = Scripted.task({ 'one' => [], 'two' => [] }, {
                           'one' => lambda { |_, sequence, _|
                             set.pop(timeout: 5)
                             seen << sequence.find_step_by_name('two').results
                             {}
                           },
                           'two' => lambda { |_, _, step|
                             step.results = { 'half' => true }
                             set << true
                             sleep(0.05)
                             {}
                           }
                         })
    handle(task)

    expect(seen.pop(timeout: 5)).to eq({})
  end

  describe 'the task' do
    let(:line) { { 'one' => [], 'two' => ['one'] } }
    let(:seen) { [] }
    let(:looks) { ->(task, *) { seen << task.context.to_h }.then { |look| ->(*all) { look.call(*all).then { {} } } } }

    it 'is shown as others have saved it meanwhile' do
      task = Scripted.task(line, { 'two' => looks, 'one' => lambda { |shown, *|
        Tasker::Task.find(shown.task_id).update!(context: { 'by' => 'others' })
        {}
      } })
      handle(task)

      expect(seen).to eq(['by' => 'others'])
    end

    it 'has no association loaded that an earlier handler loaded' do
      states = ->(task, *) { (seen << task.workflow_steps.map(&:attempts).sort).then { {} } }
      handle(Scripted.task(line, { 'one' => states, 'two' => states }))

      expect(seen).to eq([[0, 0], [0, 1]])
    end

    it 'loses what a handler changed and did not save' do
      task = Scripted.task(line, { 'two' => looks, 'one' => lambda { |shown, *|
        shown.context = { 'unsaved' => true }
        {}
      } })
      before = Tasker::Task.find(task.task_id).context
      handle(task)

      expect(seen).to eq([before])
    end
  end
end
