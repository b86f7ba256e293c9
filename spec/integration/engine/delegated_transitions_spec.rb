# frozen_string_literal: true

require_relative 'delegation_helper'

# The engine's state machines with the core underneath: wiring, on the stand-in of
# the engine. That the answers are the engine's is proved by spec/parity.
RSpec.describe 'delegated transitions', :database, :delegation do
  before { switch :off, state_transitions: :active }

  after { switch :off, state_transitions: :off }

  let(:flow) { Rows.workflow(steps: [{ state: 'complete' }, {}, {}], edges: [[1, 2], [2, 3]]) }
  let(:step) { Tasker::WorkflowStep.find(flow[2]) }
  let(:task) { Tasker::Task.find(flow.task_id) }
  let(:machine) { Tasker::StateMachine::StepStateMachine }
  let(:publisher) { Tasker::Events::Publisher.instance }

  def audit(object)
    object.class.find(object.id).public_send("#{object.class.name.demodulize.underscore}_transitions")
          .order(:sort_key).pluck(:to_state, :sort_key, :most_recent)
  end

  # Callbacks of an application for the length of an example.
  def declare(word, machine = self.machine, **options, &)
    lists = machine.callbacks.transform_values(&:dup)
    machine.public_send(word, options, &)
    @declared ||= []
    @declared << [machine, lists]
  end

  def subscribe(event, &block)
    publisher.subscribe(event, &block)
    (@subscribed ||= []) << block
  end

  after do
    (@declared || []).reverse_each do |machine, lists|
      machine.callbacks.each_key do |phase|
        machine.callbacks[phase] = lists.fetch(phase, [])
      end
    end
    (@subscribed || []).each { |block| publisher.unsubscribe(block) }
  end

  it 'writes one row with one statement of the core' do
    names = by_core { expect(step.state_machine.transition_to!(:in_progress, why: 'spec')).to be(true) }
    expect(names).to eq(['TaskerCore transition_step'])
    expect(audit(step)).to eq([['in_progress', 10, true]])
    expect(step.state_machine.last_transition).to have_attributes(metadata: { 'why' => 'spec' }, from_state: nil)
  end

  it 'answers every form as Statesman does' do
    child = Tasker::WorkflowStep.find(flow[3])
    aggregate_failures do
      expect(child.state_machine.can_transition_to?(:in_progress)).to be(false)
      expect(child.state_machine.transition_to(:in_progress)).to be(false)
      expect do
        child.state_machine.transition_to!(:in_progress)
      end.to raise_error(Statesman::GuardFailedError,
                         /'' to '\["in_progress"\]'/)
      expect do
        child.state_machine.transition_to!(:complete)
      end.to raise_error(Statesman::TransitionFailedError,
                         /'pending' to 'complete'/)
      expect { child.state_machine.transition_to!(:nonsense) }.to raise_error(Statesman::TransitionFailedError)
      expect(child.state_machine.in_state?(:pending)).to be(true)
      expect(child.status).to eq('pending')
    end
  end

  it 'reads the state from the database, never from memory' do
    expect(step.status).to eq('pending')
    TaskerCore.on(Database.connection).transition_step!(step.id, to: 'in_progress')
    expect(step.status).to eq('in_progress')
    expect(by_core { step.status }).to eq(['TaskerCore current_step_state'])
  end

  it 'asks a guard with one statement' do
    expect(by_core do
             expect(machine.step_dependencies_met?(step)).to be(true)
           end).to eq(['TaskerCore step_parents_satisfied'])
    expect(by_core { expect(task.all_steps_complete?).to be(false) }).to eq(['TaskerCore task_steps_satisfied'])
  end

  it 'raises the conflict where a lost race shows' do
    unique = { workflow_step_id: step.id, to_state: 'cancelled', sort_key: 10, most_recent: false, metadata: {} }
    Rows.insert(Tasker::WorkflowStepTransition, [unique])
    allow(TaskerCore::Core.current).to receive(:call).and_wrap_original do |original, operation, *rest|
      # What was in between is gone again when the statement looks for the last key.
      original.call(operation, *rest).then do |answer|
        if operation == 'transition_step'
          answer.dup.tap do |row|
            row[1] = 'conflict'
          end
        else
          answer
        end
      end
    end
    expect { step.state_machine.transition_to!('in_progress') }.to raise_error(Statesman::TransitionConflictError)
  end

  describe 'callbacks' do
    it 'run in Statesman\'s order, inside the transaction, with the row' do
      seen = []
      row = lambda { |name|
        proc { |object, audit|
          seen << [name, object.equal?(step), audit.to_state, audit.most_recent,
                   Database.connection.open_transactions > 1]
        }
      }
      declare(:guard_transition, to: 'in_progress') do |object, _, metadata|
        seen << [:guard, metadata[:why]]
        object.equal?(step)
      end
      declare(:before_transition, to: 'in_progress', &row[:before])
      declare(:after_transition, to: 'in_progress', &row[:after])
      declare(:after_transition, from: 'error', &row[:not_this_one])
      subscribe('step.execution_requested') { seen << [:event] }
      step.state_machine.transition_to!('in_progress', why: 'spec')
      expect(seen).to eq([[:guard, 'spec'], [:before, true, 'in_progress', false, true], [:event],
                          [:after, true, 'in_progress', true, true]])
    end

    it 'may change the metadata before the write' do
      declare(:before_transition) { |_, row| row.metadata = row.metadata.merge('by' => 'callback') }
      step.state_machine.transition_to!('in_progress', 'why' => 'spec')
      expect(step.state_machine.last_transition.metadata).to eq('why' => 'spec', 'by' => 'callback')
    end

    it 'of the application can refuse' do
      declare(:guard_transition, to: 'in_progress') { false }
      failures = []
      declare(:after_guard_failure) { |object, error| failures << [object.id, error.class] }
      expect(step.state_machine.transition_to('in_progress')).to be(false)
      expect(failures).to eq([[step.id, Statesman::GuardFailedError]])
      expect(audit(step)).to eq([])
    end

    it 'after a failure get it' do
      failures = []
      declare(:after_transition_failure) { |object, error| failures << [object.id, error.message] }
      step.state_machine.transition_to('complete')
      expect(failures).to eq([[step.id, "Cannot transition from 'pending' to 'complete'"]])
    end

    it 'take the row back where they raise, and run once' do
      runs = 0
      declare(:before_transition) { runs += 1 }
      declare(:after_transition) { raise TypeError, 'of the application' }
      expect { step.state_machine.transition_to!('in_progress') }.to raise_error(TypeError, 'of the application')
      expect([runs, audit(step), reports]).to eq([1, [], []])
    end

    it 'before the write that raise what a fault of the core would be are no reason to start over' do
      runs = 0
      declare(:before_transition) { (runs += 1) && raise(ArgumentError, 'of the application') }
      expect { step.state_machine.transition_to!('in_progress') }.to raise_error(ArgumentError, 'of the application')
      expect([runs, audit(step), reports]).to eq([1, [], []])
    end

    it 'after the commit wait for it', database: :committed do
      seen = []
      declare(:after_transition, after_commit: true) { |object, row| seen << [object.id, row.to_state] }
      Database.connection.transaction do
        step.state_machine.transition_to!('in_progress')
        expect(seen).to eq([])
      end
      expect(seen).to eq([[step.id, 'in_progress']])
      Database.connection.transaction do
        step.state_machine.transition_to!('complete')
        raise ActiveRecord::Rollback
      end
      expect(seen.size).to eq(1)
    end

    it 'of the audit model keep the engine\'s way' do
      seen = []
      listener = -> { seen << to_state }
      Tasker::WorkflowStepTransition.after_create(&listener)
      names = by_core { step.state_machine.transition_to!('in_progress') }
      expect([seen, names.grep(/transition_step/)]).to eq([['in_progress'], []])
    ensure
      Tasker::WorkflowStepTransition.skip_callback(:create, :after, listener)
    end
  end

  it 'lets a stubbed check of the guard decide' do
    child = Tasker::WorkflowStep.find(flow[3])
    allow(machine).to receive(:step_dependencies_met?).and_return(true)
    expect(child.state_machine.transition_to('in_progress')).to be(true)
    allow(task).to receive(:all_steps_complete?).and_return(true)
    task.state_machine.transition_to!('in_progress')
    expect(task.state_machine.transition_to('complete')).to be(true)
  end

  describe 'events' do
    it 'come inside the transaction: subscribers see the row, and other sessions do not' do
      seen = nil
      subscribe('step.execution_requested') do
        mine = audit(step)
        theirs = Database.elsewhere { |other| TaskerCore.on(other).current_step_state(step.id) }
        seen = [mine, theirs]
      end
      step.state_machine.transition_to!('in_progress')
      expect(seen).to eq([[['in_progress', 10, true]], nil])
    end

    it 'that raise are no failure of the transition' do
      subscribe('step.execution_requested') { raise 'of the subscriber' }
      expect(step.state_machine.transition_to!('in_progress')).to be(true)
      expect(audit(step)).to eq([['in_progress', 10, true]])
    end

    { off: /InFailedSqlTransaction/, active: /step \d+ did not become in_progress: .* aborts the transaction/ }
      .each do |value, message|
      it "with an SQL error abort the transaction, #{value}" do
        switch :off, state_transitions: value
        subscribe('step.execution_requested') { Database.connection.execute('SELECT 1 / 0') }
        move = -> { step.state_machine.transition_to!('in_progress') }
        expect(&move).to raise_error(ActiveRecord::StatementInvalid, message)
        expect(step.status).to eq('pending')
      end
    end

    it 'of a task come before and after its row, and none comes for a refusal' do
      seen = []
      %w[task.before_transition task.start_requested task.completed].each { |name| subscribe(name) { seen << name } }
      task.state_machine.transition_to!('in_progress')
      expect(task.state_machine.transition_to('complete')).to be(false)
      expect(seen).to eq(%w[task.before_transition task.start_requested])
    end
  end

  describe 'faults' do
    it 'of the core leave it to the engine, once said, and no callback runs twice' do
      seen = []
      subscribe('task.before_transition') { seen << :before }
      allow(TaskerCore::Core).to receive(:current).and_raise(TaskerCore::Unavailable.new('gone', code: 'unavailable'))
      2.times { Tasker::Task.find(Rows.task).state_machine.transition_to!('in_progress') }
      expect(task.state_machine.transition_to!('in_progress')).to be(true)
      expect(step.state_machine.transition_to!('in_progress')).to be(true)
      expect(audit(task)).to eq([['in_progress', 10, true]])
      expect(seen.size).to eq(3)
      expect(reports.map(&:kind)).to eq([:failover])
    end

    it 'of the connection are the connection\'s own' do
      Database.connection.transaction(requires_new: true) do
        expect { Database.connection.execute('SELECT 1 / 0') }.to raise_error(ActiveRecord::StatementInvalid)
        expect do
          step.state_machine.transition_to!('in_progress')
        end.to raise_error(ActiveRecord::StatementInvalid) { |error|
                 expect(error.cause).to be_a(PG::InFailedSqlTransaction)
               }
        raise ActiveRecord::Rollback
      end
      expect(reports).to eq([])
    end

    it 'of the caller are the engine\'s: a step that was deleted, one that was not saved' do
      gone = Tasker::WorkflowStep.find(flow[3])
      Tasker::WorkflowStepEdge.where(to_step_id: gone.id).delete_all
      Tasker::WorkflowStep.where(workflow_step_id: gone.id).delete_all
      expect { gone.state_machine.transition_to!('cancelled') }.to raise_error(ActiveRecord::ActiveRecordError)
      expect(reports).to eq([])
      expect(Tasker::WorkflowStep.new.status).to eq('pending')
    end
  end

  describe 'switched' do
    it 'off while the application runs, are the engine\'s again' do
      step.state_machine.transition_to!('in_progress')
      switch :off, state_transitions: :off
      expect(by_core { step.state_machine.transition_to!('complete') }).to eq([])
      expect(audit(step)).to eq([['in_progress', 10, false], ['complete', 20, true]])
    end

    it 'to shadow, are the engine\'s, and compared' do
      switch :off, state_transitions: :shadow
      names = by_core do
        step.state_machine.transition_to!('in_progress')
        expect(Tasker::WorkflowStep.find(flow[3]).state_machine.transition_to('in_progress')).to be(false)
        expect(task.state_machine.transition_to('complete')).to be(false)
      end
      expect(names.grep(/transition_/)).to eq([])
      expect(names).not_to be_empty
      expect(reports).to eq([])
    end

    it 'to shadow, report what would go differently' do
      switch :off, state_transitions: :shadow
      child = Tasker::WorkflowStep.find(flow[3])
      # A fault of the engine's guard: it lets through what its parents hold back.
      allow(child).to receive(:parents).and_return(Tasker::WorkflowStep.none)
      expect(child.state_machine.transition_to('in_progress')).to be(true)
      expect(reports.last).to have_attributes(
        kind: :difference, operation: "#{machine.name}#transition_to!",
        message: /it is allowed by the engine, guard_failed by the core/
      )
    end

    it 'to shadow, do not report a guard of the application, nor another session that was faster' do
      switch :off, state_transitions: :shadow
      declare(:guard_transition, to: 'cancelled') { false }
      expect(step.state_machine.transition_to('cancelled')).to be(false)
      client = TaskerCore.on(Database.connection)
      other = Tasker::WorkflowStep.find(flow[3])
      # Between the prediction and the engine's own look the parent and the state change.
      allow(other.state_machine).to receive(:validate_transition).and_wrap_original do |original, **options|
        client.transition_step!(flow[2], to: 'resolved_manually')
        original.call(**options)
      end
      expect(other.state_machine.transition_to('in_progress')).to be(true)
      expect(reports).to eq([])
    end
  end
end
