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

  describe 'the steps that a handler gets' do
    let(:line) { { 'one' => [], 'two' => ['one'], 'three' => %w[one two] } }
    let(:seen) { [] }

    # What the last step sees of the first one, in the sequence and among its parents.
    def first_step_after(&handler)
      shows = lambda { |_, sequence, step|
        seen.push(sequence.find_step_by_name('one'), step.parents.find { |parent| parent.name == 'one' })
        seen.map! { |one| [one.results, one.retry_limit, one.children.map(&:status).sort] }
        {}
      }
      handle(Scripted.task(line, { 'two' => lambda { |_, sequence, step|
        handler.call(sequence.find_step_by_name('one'), step.parents.first)
        {}
      }, 'three' => shows }))
      seen
    end

    it 'are new ones: what another left unsaved in them is gone' do
      found = first_step_after do |one, parent|
        one.results['left'] = one.children.map(&:status)
        parent.results['left'] = true
        parent.retry_limit = 9
      end

      expect(found).to all(eq([{ 'step' => 'one' }, 3, %w[complete in_progress]]))
    end

    it 'have what another saved in the step of its sequence' do
      expect(first_step_after { |one, _| one.update!(retry_limit: 8) }).to all(include(8))
    end

    it 'have what another saved in a parent' do
      expect(first_step_after { |_, parent| parent.update_columns(results: { 'new' => 1 }) })
        .to all(include('new' => 1))
    end

    it 'have what their own handler saved in the step of the sequence' do
      task = Scripted.task(line, {
                             'one' => lambda { |_, sequence, _|
                               sequence.find_step_by_name('one').update!(inputs: { 'beside' => 1 })
                               {}
                             },
                             'two' => ->(_, _, step) { { 'seen' => step.parents.first.inputs } }
                           })
      handle(task)

      expect(step(task, 'two').results['seen']).to eq('beside' => 1)
    end

    it 'have what another read again' do
      found = first_step_after do |one, _|
        Tasker::WorkflowStep.where(workflow_step_id: one.id).update_all(retry_limit: 8)
        one.reload
        one.results
      end

      expect(found).to all(include(8))
    end

    it 'have what their own handler wrote past the changes' do
      task = Scripted.task(line, {
                             'one' => lambda { |_, _, step|
                               step.update_columns(results: { 'past' => 1 })
                               step.results
                             },
                             'two' => lambda { |_, sequence, step|
                               { 'seen' => [sequence.find_step_by_name('one'), *step.parents].map(&:results) }
                             }
                           })
      handle(task)

      expect(step(task, 'two').results['seen']).to eq([{ 'past' => 1 }] * 2)
    end

    it 'can be copied into steps of other names' do
      handle(Scripted.task(line, { 'two' => lambda { |_, sequence, step|
        copy = step.dup
        copy.named_step = sequence.find_step_by_name('one').named_step
        seen << copy.name
        {}
      } }))

      expect(seen).to eq(['one'])
    end
  end

  it 'save what their handler built beside them' do
    task = Scripted.task({ 'one' => [], 'two' => [] }, { 'one' => lambda { |_, sequence, step|
      step.outgoing_edges.build(to_step: sequence.find_step_by_name('two'), name: 'built')
      {}
    } })
    handle(task)

    expect(step(task, 'one').outgoing_edges.map(&:name)).to eq(['built'])
  end

  {
    'invalid UTF-8' => ->(*) { { 'text' => "\xff" } },
    'a number out of range' => ->(_, _, step) { (step.backoff_request_seconds = 2**40).then { {} } },
    'attempts out of range' => ->(_, _, step) { (step.attempts = 2**40).then { {} } },
    'an error of bytes' => ->(*) { raise "bytes \xff\0".b }
  }.each do |what, handler|
    it "fail with the reason where a step has #{what}" do
      task = Scripted.task({ 'one' => [] }, { 'one' => handler }, retry_limit: 1)
      handle(task)

      expect(step_states(task)).to eq('one' => 'error')
      expect(step(task, 'one')).to have_attributes(attempts: 1, results: include('error' => be_present))
    end
  end
end
