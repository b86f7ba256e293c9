# frozen_string_literal: true

require_relative 'orchestration_helper'

# However a handler ends, its step ends: with the reason in its results, and with a failure that
# is published as often as that of any other exception.
RSpec.describe 'odd endings of a handler', :orchestration, database: :committed do
  odd = Module.new
  odd.const_set(:Silent, Class.new(StandardError) { def message = raise('no message') })
  odd.const_set(:NoText, Class.new(StandardError) { def to_s = nil })
  odd.const_set(:NoTrace, Class.new(StandardError) { def backtrace = raise('no backtrace') })
  odd.const_set(:OddTrace, Class.new(StandardError) { def backtrace = [nil, 1, :x] })
  odd.const_set(:Binary, Class.new(StandardError) { def to_s = "caf\xE9\0".b })

  {
    'a handler without process' => [->(*) { raise NotImplementedError, 'process' }, 'NotImplementedError'],
    'LoadError' => [->(*) { raise LoadError, 'cannot load such file' }, 'LoadError'],
    'SystemStackError' => [->(*) { (recurse = ->(n) { recurse.call(n + 1) }).call(0) }, 'SystemStackError'],
    'NoMemoryError' => [->(*) { raise NoMemoryError, 'failed to allocate' }, 'NoMemoryError'],
    'exit' => [->(*) { exit }, 'SystemExit'],
    'exit!-like abort' => [->(*) { abort }, 'SystemExit'],
    'Interrupt' => [->(*) { raise Interrupt }, 'Interrupt'],
    'SignalException' => [->(*) { raise SignalException, 'TERM' }, 'SignalException'],
    'an Exception of its own' => [->(*) { raise Exception, 'bare' }, 'Exception'], # rubocop:disable Lint/RaiseException
    'throw' => [->(*) { throw :refused }, 'UncaughtThrowError'],
    'a thread that kills itself' => [->(*) { Thread.current.kill }, /HandlerKilled/],
    'a message that raises' => [->(*) { raise odd::Silent }, /Silent|RuntimeError/],
    'a message that is none' => [->(*) { raise odd::NoText }, /NoText|TypeError/],
    'a backtrace that raises' => [->(*) { raise odd::NoTrace }, /NoTrace|RuntimeError/],
    'a backtrace of other things' => [->(*) { raise odd::OddTrace, 'x' }, /OddTrace|TypeError/],
    'a class without a name' => [->(*) { raise Class.new(StandardError), 'nameless' }, //],
    'a message that is no text' => [->(*) { raise odd::Binary }, /Binary/]
  }.each do |what, (ends, error_class)|
    it "fail the step, and no other: #{what}" do
      task = Scripted.task({ 'odd' => [], 'beside' => [], 'below' => ['odd'] }, { 'odd' => ends })
      published = events('step.failed') { Timeout.timeout(20) { Scripted.handle(task) } }

      expect(step_states(task)).to eq('odd' => 'error', 'beside' => 'complete', 'below' => 'pending')
      expect(history(task, 'odd')).to eq(%w[in_progress error])
      expect(step(task, 'odd')).to have_attributes(attempts: 1, in_process: false, processed: false)
      expect(step(task, 'odd').results.keys).to include('error', 'backtrace', 'error_class')
      expect(step(task, 'odd').results['error_class'].to_s).to match(error_class)
      expect(published.size).to be_between(2, 3)
      expect(session_stats['sessions_open']).to eq(0)
    end
  end

  itself = -> { {}.tap { |hash| hash[:itself] = hash } }
  deep = -> { 5_000.times.inject({}) { |inner, _| { 'in' => inner } } }
  {
    'contain themselves' => itself,
    'are nested thousands deep' => deep,
    'raise while they are converted' => -> { { 'x' => Class.new { def as_json(*) = raise('no document') }.new } },
    'end the stack while they are converted' => -> { { 'x' => Class.new { def as_json(*) = as_json }.new } },
    'are not implemented' => -> { { 'x' => Class.new { def as_json(*) = raise(NotImplementedError) }.new } },
    'have a NUL byte' => -> { { 'x' => "\0" } },
    'have invalid text' => -> { { 'x' => "\xFF" } },
    'are not a number' => -> { { 'x' => Float::NAN } }
  }.each do |what, result|
    it "fail or complete the step, and leave nothing in progress, where the results #{what}" do
      task = Scripted.task({ 'odd' => [], 'beside' => [] }, { 'odd' => ->(*) { result.call } })
      Timeout.timeout(30) { Scripted.handle(task) }

      expect(step_states(task)).to include('beside' => 'complete')
      expect(%w[complete error]).to include(state(task, 'odd'))
      expect(history(task, 'odd').first).to eq('in_progress')
      expect(step(task, 'odd').results['error']).to be_present if state(task, 'odd') == 'error'
    end
  end

  it 'do not keep a failure from being recorded where the results are no document either' do
    task = Scripted.task({ 'odd' => [] }, { 'odd' => lambda { |_, _, step|
      step.results = itself.call
      raise 'boom'
    } })
    Timeout.timeout(30) { Scripted.handle(task) }

    expect(history(task, 'odd')).to eq(%w[in_progress error])
    expect(step(task, 'odd').results['error']).to be_present
  end

  describe 'with a transaction that is left open' do
    # Begins a transaction on the handler's connection, and writes in it.
    def begin_and_write(task)
      Tasker::ApplicationRecord.connection.begin_transaction(joinable: false)
      Tasker::Task.where(task_id: task.task_id).update_all(reason: 'written in it')
    end

    def an_hour_ago(model)
      model.column_names.grep(/_at\z/).each { |name| model.update_all("#{name} = #{name} - interval '1 hour'") }
    end

    def counting(ending)
      @ran = Hash.new(0)
      lambda do |task, _, step|
        @ran[step.name] += 1
        next {} if step.name == 'below' || @ran[step.name] > 1

        begin_and_write(task)
        ending.call
      end
    end

    { 'returns' => [-> { {} }, /left a transaction open/], 'raises' => [-> { raise 'boom' }, /boom/] }
      .each do |what, (ending, reason)|
      it "fail the step where the handler #{what}, roll the transaction back, and go on when it is retried" do
        work = counting(ending)
        task = Scripted.task({ 'odd' => [], 'below' => ['odd'] }, { 'odd' => work, 'below' => work })
        Timeout.timeout(20) { Scripted.handle(task) }

        expect(history(task, 'odd')).to eq(%w[in_progress error])
        expect(step(task, 'odd').results['error']).to match(reason)
        expect(Tasker::Task.find(task.task_id).reason).not_to eq('written in it')
        expect(@ran).to eq('odd' => 1)

        [Tasker::WorkflowStep, Tasker::WorkflowStepTransition].each { |model| an_hour_ago(model) }
        Scripted.handle(Tasker::Task.find(task.task_id))
        expect(step_states(task)).to eq('odd' => 'complete', 'below' => 'complete')
        expect(@ran).to eq('odd' => 2, 'below' => 1)
      end
    end
  end

  it 'leave the process alive' do
    pid = Process.pid
    task = Scripted.task({ 'odd' => [] }, { 'odd' => ->(*) { exit(3) } })
    Scripted.handle(task)

    expect(Process.pid).to eq(pid)
    expect(step(task, 'odd').results['error']).to eq('exit')
  end
end

# What the database refuses for a reason that passes is no failure of the step.
RSpec.describe 'a write that has to be repeated', :orchestration, database: :committed do
  # Makes the nth completion or claim of a step fail once with a SQLSTATE.
  def refusing(state, sqlstate)
    connection = Tasker::ApplicationRecord.connection
    connection.execute(<<~SQL)
      CREATE SEQUENCE refusals;
      CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.to_state = '#{state}' AND nextval('refusals') <= 2 THEN
          RAISE EXCEPTION 'try again' USING ERRCODE = '#{sqlstate}';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_once BEFORE INSERT ON tasker_workflow_step_transitions
        FOR EACH ROW EXECUTE FUNCTION refuse_once();
    SQL
    yield
  ensure
    connection.execute('DROP TRIGGER refuse_once ON tasker_workflow_step_transitions; DROP FUNCTION refuse_once(); ' \
                       'DROP SEQUENCE refusals')
  end

  %w[40001 40P01 55P03 57014].each do |sqlstate|
    %w[in_progress complete error].each do |state|
      it "repeats the write of #{state}, and not the work, after #{sqlstate}" do
        ran = Queue.new
        work = ->(*) { ran.push(true).then { state == 'error' ? raise('boom') : {} } }
        task = Scripted.task({ 'one' => [] }, { 'one' => work })
        refusing(state, sqlstate) { Timeout.timeout(20) { Scripted.handle(task) } }

        expect(ran.size).to eq(1)
        expect(history(task, 'one')).to eq(['in_progress', state == 'error' ? 'error' : 'complete'])
        expect(step(task, 'one').attempts).to eq(1)
      end
    end
  end

  it 'repeats it in the transaction that subscribers share, who hear of it again' do
    heard = Queue.new
    task = Scripted.task({ 'one' => [] })
    refusing('complete', '40001') { listen(['step.completed'], ->(_) { heard << true }) { Scripted.handle(task) } }

    expect(history(task, 'one')).to eq(%w[in_progress complete])
    expect(heard.size).to eq(3)
  end

  it "is the caller's to repeat inside of the caller's transaction" do
    task = Scripted.task({ 'one' => [] })
    pool = Tasker::ApplicationRecord.connection_pool
    refusing('complete', '40001') do
      pool.pin_connection!(true)
      expect { Scripted.handle(task) }.to raise_error(ActiveRecord::ActiveRecordError)
    ensure
      pool.unpin_connection!
    end
  end
end

RSpec.describe 'a task that is deleted in mid-run', :orchestration, database: :committed do
  it 'raises what the engine raises' do
    task = Scripted.task({ 'one' => [], 'two' => ['one'] }, { 'one' => lambda { |own, _, _|
      Tasker::WorkflowStepEdge.where(from_step_id: step(own, 'one').workflow_step_id).delete_all
      steps = Tasker::WorkflowStep.where(task_id: own.task_id)
      Tasker::WorkflowStepTransition.where(workflow_step_id: steps.select(:workflow_step_id)).delete_all
      steps.delete_all
      Tasker::TaskTransition.where(task_id: own.task_id).delete_all
      Tasker::Task.where(task_id: own.task_id).delete_all
      {}
    } })

    expect { Timeout.timeout(20) { Scripted.handle(task) } }.to raise_error(ActiveRecord::RecordNotFound)
  end
end
