# frozen_string_literal: true

require_relative 'orchestration_helper'

# The loop in the core, on the stand-in of the engine: each setting of its repairs
# on and off.
RSpec.describe 'orchestration', :orchestration, database: :committed do
  let(:line) { { 'one' => [], 'two' => ['one'] } }

  def boom(message = 'boom') = ->(*) { raise message }

  # Fails that many times, then succeeds.
  def flaky(failures)
    ->(_, _, step) { step.attempts.to_i < failures ? raise("attempt #{step.attempts.to_i + 1}") : { 'ok' => true } }
  end

  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  describe 'what a run writes' do
    it 'is a claim and a completion for each step' do
      task = Scripted.task(line)
      handle(task)

      expect(task_state(task)).to eq('complete')
      expect(Tasker::Task.find(task.task_id).complete).to be(true)
      expect(history(task, 'two')).to eq(%w[in_progress complete])
      expect(step(task, 'one')).to have_attributes(
        attempts: 1, processed: true, in_process: false, results: { 'step' => 'one' },
        processed_at: be_within(5).of(Time.current), last_attempted_at: be_within(5).of(Time.current)
      )
      expect(jobs).to be_empty
    end

    it 'leaves no session open' do
      handle(Scripted.task(line))
      handle(Scripted.task(line, { 'one' => boom }))

      expect(session_stats['sessions_open']).to eq(0)
    end

    it 'is the reason of a failure' do
      task = Scripted.task(line, { 'one' => boom }, retry_limit: 1)
      handle(task)

      expect(step(task, 'one')).to have_attributes(
        attempts: 1, processed: false, in_process: false, processed_at: nil,
        results: a_hash_including('error' => 'boom', 'error_class' => 'RuntimeError', 'backtrace' => /scripted/)
      )
      expect(step_states(task)).to eq('one' => 'error', 'two' => 'pending')
      expect([task_state(task), jobs]).to eq(['error', []])
    end

    it 'does not disturb siblings of a failed step' do
      task = Scripted.task({ 'a' => [], 'b' => [], 'c' => ['b'] }, { 'a' => boom }, retry_limit: 1)
      handle(task)

      expect(step_states(task)).to eq('a' => 'error', 'b' => 'complete', 'c' => 'pending').or eq(
        'a' => 'error', 'b' => 'complete', 'c' => 'complete'
      )
    end
  end

  describe 'retry_failed_steps' do
    let(:task) { Scripted.task(line, { 'one' => flaky(2) }) }

    it 'runs a failed step again when its waiting time is over' do
      published = events('step.retry_requested') do
        handle(task)
        2.times do
          pass_waiting_times(task)
          run_job(task)
        end
      end

      expect(history(task, 'one')).to eq(%w[in_progress error pending in_progress error pending in_progress complete])
      expect(step(task, 'one').attempts).to eq(3)
      expect(published.map { |_, payload| payload[:step_name] }).to eq(%w[one one])
      expect(task_state(task)).to eq('complete')
    end

    it 'leaves it where it is switched off, and the loop ends' do
      switch :active, retry_failed_steps: false
      handle(task)
      pass_waiting_times(task)
      run_job(task)

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(task_state(task)).to eq('pending')
      expect(reports.map(&:kind)).to eq([:task_held])
    end

    it 'never goes past the limit of attempts' do
      task = Scripted.task(line, { 'one' => boom }, retry_limit: 2)
      handle(task)
      3.times do
        pass_waiting_times(task)
        run_job(task) if task_state(task) == 'pending'
      end

      expect(step(task, 'one').attempts).to eq(2)
      expect(task_state(task)).to eq('error')
    end
  end

  describe 'permanent_errors_final' do
    let(:task) { Scripted.task(line, { 'one' => ->(*) { raise Tasker::PermanentError, 'no such account' } }) }

    it 'never runs such a step again' do
      handle(task)

      expect(step(task, 'one')).to have_attributes(attempts: 1, retryable: false, status: 'error')
      expect([task_state(task), jobs]).to eq(['error', []])
    end

    it 'lets it be retried where it is switched off' do
      switch :active, permanent_errors_final: false
      handle(task)

      expect(step(task, 'one').retryable).to be(true)
      expect([task_state(task), jobs.size]).to eq(['pending', 1])
    end
  end

  describe 'record_failed_completions' do
    let(:unsaveable) { ->(*) { { 'text' => "a\0b" } } }

    it 'fails a step whose result cannot be saved' do
      task = Scripted.task(line, { 'one' => unsaveable })
      handle(task)

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step(task, 'one')).to have_attributes(attempts: 1, processed: false, processed_at: nil)
      expect(step(task, 'one').results['error']).to match(/result could not be saved/)
      expect([task_state(task), jobs.size]).to eq(['pending', 1])
    end

    it 'leaves it in progress where it is switched off' do
      switch :active, record_failed_completions: false
      task = Scripted.task(line, { 'one' => unsaveable })
      handle(task)

      expect(history(task, 'one')).to eq(%w[in_progress])
    end

    it 'fails a step whose error message cannot be saved' do
      task = Scripted.task(line, { 'one' => boom("bad\0byte") })
      handle(task)

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step(task, 'one').results['error']).to include('badbyte')
    end

    it 'fails a step whose completion a subscriber breaks' do
      breaks = ->(*) { Database.connection.execute('SELECT no_such_column') }
      task = Scripted.task(line)
      listen(['step.completed'], breaks) { handle(task) }

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step_states(task)).to eq('one' => 'error', 'two' => 'pending')
    end
  end

  describe 'a subscriber that breaks the transaction of a claim' do
    it 'keeps the handler from running, and fails the step as the engine does' do
      ran = 0
      breaks = lambda { |*|
        Database.connection.execute('SELECT no_such_column') if Database.connection.open_transactions.positive?
      }
      task = Scripted.task({ 'one' => [] }, { 'one' => ->(*) { ran += 1 } })
      listen(['step.execution_requested'], breaks) { handle(task) }

      expect(ran).to eq(0)
      expect(history(task, 'one')).to eq(%w[error])
      expect(step(task,
                  'one')).to have_attributes(attempts: 1,
                                             results: a_hash_including('error' => /ran a statement that failed/))
      expect([task_state(task), jobs.size]).to eq(['pending', 1])
    end
  end

  describe 'enforce_timeouts' do
    let(:gate) { Queue.new }
    let(:ended) { Queue.new }
    let(:slow) { ->(*) { gate.pop.then { { 'late' => true } }.tap { ended << true } } }

    it 'fails a step that outlasts the batch, refuses its result and says so' do
      short_timeouts(0.3)
      task = Scripted.task({ 'one' => [], 'two' => ['one'], 'free' => [] }, { 'one' => slow })
      handle(task)

      expect(step_states(task)).to eq('one' => 'error', 'two' => 'pending', 'free' => 'complete')
      expect(step(task, 'one')).to have_attributes(attempts: 1, retryable: true)
      expect(step(task, 'one').results['error']).to match(/did not end within the batch timeout/)
      expect([task_state(task), jobs.size]).to eq(['pending', 1])

      gate << :go
      ended.pop
      Timeout.timeout(5) { sleep 0.02 until reports.any? { |report| report.kind == :late_result } }
      Timeout.timeout(5) { sleep 0.02 until session_stats['sessions_open'].zero? }
      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step(task, 'one').results).not_to have_key('late')
    end

    it 'waits for it where it is switched off' do
      switch :active, enforce_timeouts: false
      short_timeouts(0.1)
      task = Scripted.task({ 'one' => [] }, { 'one' => ->(*) { sleep(0.4).then { { 'late' => true } } } })
      handle(task)

      expect(step(task, 'one')).to have_attributes(status: 'complete', results: { 'late' => true })
    end

    it 'lets the next run try again while the first handler still runs' do
      short_timeouts(0.3)
      calls = Queue.new
      task = Scripted.task({ 'one' => [] }, { 'one' => lambda { |_, _, step|
        calls << step.attempts
        calls.size == 1 ? slow.call : { 'second' => true }
      } })
      handle(task)
      pass_waiting_times(task)
      run_job(task)
      gate << :go
      ended.pop
      Timeout.timeout(5) { sleep 0.02 until session_stats['sessions_open'].zero? }

      expect(history(task, 'one')).to eq(%w[in_progress error pending in_progress complete])
      expect(step(task, 'one')).to have_attributes(results: { 'second' => true }, attempts: 2)
      expect(task_state(task)).to eq('complete')
    end

    it 'shows children what was written where a step ended at the last moment' do
      short_timeouts(0.3)
      seen = nil
      task = Scripted.task(line, { 'one' => ->(*) { { 'value' => 1 } }, 'two' => lambda { |_, sequence, _|
        { 'seen' => seen = sequence.find_step_by_name('one').results }
      } })
      # The subscriber of the last step.completed, after the commit, takes its time.
      lingers = lambda do |event|
        written = Database.connection.open_transactions.zero? && state(task, 'one') == 'complete'
        sleep 0.6 if written && event.payload[:step_name] == 'one'
      end
      listen(['step.completed'], lingers) { handle(task) }
      run_job(task) unless task_state(task) == 'complete'

      expect(seen).to eq('value' => 1)
      expect(step(task, 'one')).to have_attributes(results: { 'value' => 1 }, attempts: 1, status: 'complete')
    end
  end

  describe 'resume_interrupted_tasks' do
    let(:task) do
      Scripted.task(line).tap { |made| made.state_machine.transition_to!('in_progress') }
    end

    it 'takes up a task that a dead run left in progress' do
      run_job(task)

      expect(task_state(task)).to eq('complete')
    end

    it 'leaves it where it is switched off' do
      switch :active, resume_interrupted_tasks: false
      expect { run_job(task) }.to raise_error(Tasker::ProceduralError, /not pending/)

      expect(task_state(task)).to eq('in_progress')
      expect(step_states(task)).to eq('one' => 'pending', 'two' => 'pending')
    end

    it 'is for jobs; a call of handle refuses as the engine does' do
      expect { handle(task) }.to raise_error(Tasker::ProceduralError, /not pending/)
    end
  end

  describe 'reenqueue_unfinished_tasks' do
    let(:task) { Scripted.task(line, { 'one' => boom }) }

    it "enqueues exactly one job, with the delay of the engine's own rules" do
      handle(task)

      expect(task_state(task)).to eq('pending')
      expect(jobs.size).to eq(1)
      expect(jobs.first).to include('job_class' => 'Tasker::TaskRunnerJob', 'arguments' => [task.task_id])
      # Two seconds for the second attempt, less the parts of seconds, and the buffer.
      expect(delay_of(jobs.first)).to be_within(1.5).of(2 + Tasker.configuration.backoff.buffer_seconds)
    end

    it 'waits as configured for a step that another run works on' do
      task = Scripted.task(line)
      step(task, 'one').state_machine.transition_to!('in_progress')
      handle(task)

      expect(jobs.size).to eq(1)
      expect(delay_of(jobs.first)).to be_within(1).of(Tasker.configuration.backoff.reenqueue_delays[:processing])
    end

    it 'enqueues only after the surrounding transaction has committed' do
      # Its only step waits for a step of another task.
      other = Scripted.task({ 'above' => [] })
      waiting = Scripted.task({ 'below' => [] })
      Rows.insert_edges([[step(other, 'above').workflow_step_id, step(waiting, 'below').workflow_step_id]])
      before_commit = Tasker::ApplicationRecord.transaction do
        handle(waiting)
        jobs.size
      end

      expect([before_commit, jobs.size]).to eq([0, 1])
    end

    it 'enqueues nothing where it is switched off' do
      switch :active, reenqueue_unfinished_tasks: false
      handle(task)

      expect(jobs).to be_empty
      expect(task_state(task)).to eq('pending')
    end

    it 'lets the job return' do
      expect { run_job(task) }.not_to raise_error
      expect(jobs.size).to eq(1)
    end
  end

  describe 'honour_concurrency_limits' do
    let(:wide) { Array.new(10) { |n| ["s#{n}", []] }.to_h }

    def most_at_once(limit)
      Tasker.configuration.execution { |execution| execution.max_concurrent_steps_limit = limit }
      now = 0
      most = 0
      mutex = Mutex.new
      script = lambda do |*|
        mutex.synchronize { most = [most, now += 1].max }
        sleep 0.4
        mutex.synchronize { now -= 1 }
        { 'ok' => true }
      end
      handle(Scripted.task(wide, wide.transform_values { script }))
      most
    end

    it 'runs as many steps at once as the configuration allows' do
      expect(most_at_once(7)).to eq(7)
    end

    it "is the engine's own number where it is switched off" do
      switch :active, honour_concurrency_limits: false
      expect(most_at_once(7)).to eq(3)
    end
  end
end
