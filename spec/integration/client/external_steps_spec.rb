# frozen_string_literal: true

require 'English'
require_relative '../engine/runner/orchestration_helper'

# Steps that workers outside of Rails execute. The worker is a client with connections
# of its own, as the Python worker has them.
RSpec.describe 'external steps', :orchestration, database: :committed do
  let(:worker) { TaskerCore.open(database_url: Database.url) }
  let(:sandwich) { { 'extract' => [], 'score' => ['extract'], 'load' => ['score'] } }

  after { worker.close }

  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  def claim(task, *steps, **options)
    worker.claim_ready_steps(steps.map { |step| { task: task.name, step: } }, limit: 10, **options)
  end

  def complete(task, *steps)
    claim(task, *steps).each { |step| worker.complete_claim(step, results: { 'by' => 'worker' }) }
  end

  def mark(task)
    Tasker::TaskTransition.where(task_id: task.task_id, most_recent: true).pick(:metadata)['external_steps']
  end

  def task_history(task) = Tasker::TaskTransition.where(task_id: task.task_id).order(:sort_key).pluck(:to_state)

  def jobs_of(task) = jobs.count { |job| (job[:args] || job['arguments']) == [task.task_id] }

  it 'are left alone by a run, which ends quietly and is continued after them' do
    task = Scripted.task(sandwich, external: ['score'])
    handle(task)

    expect(step_states(task)).to eq('extract' => 'complete', 'score' => 'pending', 'load' => 'pending')
    expect([task_state(task), mark(task), jobs.size]).to eq(['pending', 'awaited', 1])
    expect(delay_of(jobs.first)).to be_within(2).of(45)

    score = claim(task, 'score').first
    expect(score).to have_attributes(parents: { 'extract' => { 'step' => 'extract' } }, attempts: 0, retry_limit: 3,
                                     context: task.context, task_id: task.task_id)
    expect(worker.complete_claim(score, results: { 'score' => 7 })).to be_written
    run_job(task)

    expect(task_state(task)).to eq('complete')
    expect(history(task, 'score')).to eq(%w[in_progress complete])
    expect(step(task, 'score')).to have_attributes(
      attempts: 1, processed: true, in_process: false, results: { 'score' => 7 },
      processed_at: be_within(5).of(Time.current), last_attempted_at: be_within(5).of(Time.current)
    )
    expect(step(task, 'load').results).to eq('step' => 'load')
  end

  it 'do not keep their siblings from running' do
    task = Scripted.task({ 'score' => [], 'extract' => [], 'load' => ['extract'] }, external: ['score'])
    handle(task)

    expect(step_states(task)).to eq('score' => 'pending', 'extract' => 'complete', 'load' => 'complete')
    expect(mark(task)).to eq('awaited')
  end

  it 'may be done while Rails runs a sibling: one run then ends the task' do
    task = Scripted.task({ 'extract' => [], 'score' => [], 'load' => %w[extract score] },
                         { 'extract' => ->(*) { complete(task, 'score').then { {} } } }, external: ['score'])
    handle(task)

    expect([task_state(task), jobs]).to eq(['complete', []])
  end

  it 'are announced to workers once they can run' do
    task = Scripted.task(sandwich, external: ['score'])
    worker.await_steps(timeout: 0)
    expect(worker.await_steps(timeout: 0)).to be(false)
    handle(task)

    expect(worker.await_steps(timeout: 20)).to be(true)
  end

  it 'are those of templates that name an executor' do
    names = { { executor: 'python' } => 'python', { 'executor' => 'python' } => 'python', { executor: 'ruby' } => nil,
              { executor: '' } => nil, {} => nil, nil => nil, 'text' => nil }
    expect(names.keys.to_h { |config| [config, TaskerCore::Engine::Runner::ExternalSteps.executor(config)] })
      .to eq(names)
  end

  describe 'whose documents cannot be read' do
    def deep(levels) = "#{'{"a":' * levels}1#{'}' * levels}"

    def set(task, column, text, name = 'score')
      id = step(task, name).workflow_step_id
      Database.connection.execute("UPDATE tasker_workflow_steps SET #{column} = '#{text}' " \
                                  "WHERE workflow_step_id = #{id}")
    end

    def damage(task, where, text)
      case where
      when 'context' then Tasker::Task.connection.execute("UPDATE tasker_tasks SET context = '#{text}' " \
                                                          "WHERE task_id = #{task.task_id}")
      when 'parents' then set(task, 'results', text, 'extract')
      else set(task, where, text)
      end
    end

    %w[context inputs results parents].each do |where|
      it "fails alone, with the reason: #{where}" do
        tasks = Array.new(3) { Scripted.task(sandwich, external: ['score']) }
        tasks.each { |task| handle(task) }
        damage(tasks[1], where, deep(101))
        steps = claim_of(tasks, 3)

        expect(steps.map(&:task_id)).to eq([tasks[0].task_id, tasks[2].task_id])
        expect(step_states(tasks[1])['score']).to eq('error')
        failed = step(tasks[1], 'score')
        expect(failed).to have_attributes(retryable: false, attempts: 1)
        expect(failed.results['error']).to match(/cannot be read: nesting of 10[12]/)
      end
    end

    it 'does not hide the ready ones behind it' do
      tasks = Array.new(3) { Scripted.task(sandwich, external: ['score']) }
      tasks.each { |task| handle(task) }
      tasks.first(2).each { |task| damage(task, 'context', deep(500)) }

      expect(claim_of(tasks, 1).map(&:task_id)).to eq([tasks[2].task_id])
      expect(claim_of(tasks, 1)).to eq([])
    end

    def claim_of(tasks, limit)
      worker.claim_ready_steps(tasks.map { |task| { task: task.name, step: 'score' } }, limit:)
    end

    it 'is read down to 100 levels' do
      task = Scripted.task(sandwich, external: ['score'])
      handle(task)
      damage(task, 'parents', deep(100))

      expect(claim(task, 'score').first.parents['extract']).to eq(JSON.parse(deep(100)))
    end
  end

  it 'are finished under their own task alone' do
    tasks = Array.new(2) { Scripted.task(sandwich, external: ['score']).tap { |task| handle(task) } }
    score = claim(tasks[0], 'score').find { |step| step.task_id == tasks[0].task_id }
    stranger = score.dup.tap { |step| step.task_id = tasks[1].task_id }

    expect { worker.complete_claim(stranger) }.to raise_error(TaskerCore::InvalidArgument, /is not a step of task/)
    expect(history(tasks[0], 'score')).to eq(%w[in_progress])
    expect(worker.complete_claim(score)).to be_written
  end

  describe 'a failed one' do
    let(:task) { Scripted.task(sandwich, external: ['score'], retry_limit: 2) }

    before { handle(task) }

    def fail_once(**options)
      claimed = claim(task, 'score').first
      worker.fail_claim(claimed, error: RuntimeError.new('no model'), **options)
    end

    it 'waits, and is tried again by the worker' do
      fail_once
      expect(claim(task, 'score')).to be_empty
      pass_waiting_times(task)
      complete(task, 'score')

      expect(history(task, 'score')).to eq(%w[in_progress error pending in_progress complete])
      expect(step(task, 'score').attempts).to eq(2)
    end

    it 'waits as long as it asks for' do
      fail_once(retry_after: 90)
      expect(step(task, 'score')).to have_attributes(backoff_request_seconds: 90, retryable: true)
      expect(step(task, 'score').results).to include('error' => 'no model', 'error_class' => 'RuntimeError')
    end

    it 'ends the task in error where it is final, or has no attempts left' do
      fail_once(retryable: false)
      expect(TaskerCore::Listener.new.wake([task.task_id])).to eq([task.task_id])
      run_job(task)

      expect(task_state(task)).to eq('error')
      expect(step(task, 'score')).to have_attributes(attempts: 1, retryable: false)
    end

    it 'is not retried by a run of Rails' do
      fail_once
      pass_waiting_times(task)
      run_job(task)

      expect(history(task, 'score')).to eq(%w[in_progress error])
      expect(mark(task)).to eq('awaited')
    end
  end

  describe 'waiting' do
    let(:task) { Scripted.task(sandwich, external: ['score']) }

    before { handle(task) }

    it 'costs the delayed job no row and no event' do
      jobs.clear
      travelled = Time.current + 60
      before = task_history(task)
      published = events('task.start_requested', 'workflow.task_started') do
        allow(Time).to receive(:current).and_return(travelled)
        run_job(task)
      end

      expect([task_history(task), published]).to eq([before, []])
      expect(jobs_of(task)).to eq(1)
    end

    it 'never has more than one delayed job' do
      3.times { run_job(task) }
      expect(jobs_of(task)).to eq(1)
    end

    it 'has none where that is switched off' do
      switch :active, external_steps_recheck_seconds: 0
      other = Scripted.task(sandwich, external: ['score'])
      handle(other)

      expect([mark(other), jobs_of(other)]).to eq(['awaited', 0])
    end

    it 'ends with one job, however many listeners hear how many completions' do
      jobs.clear
      complete(task, 'score')
      woken = Array.new(4) { Thread.new { TaskerCore::Listener.new.wake([task.task_id]) } }.flat_map(&:value)

      expect(woken).to eq([task.task_id])
      expect([jobs_of(task), mark(task)]).to eq([1, 'done'])
    end

    it 'does not end while nothing is there for Rails to do' do
      claim(task, 'score')
      expect(TaskerCore::Listener.new.wake([task.task_id])).to be_empty
    end

    it 'lets a job that comes too late end quietly' do
      complete(task, 'score')
      run_job(task)
      expect { run_job(task) }.not_to(change { [task_state(task), task_history(task)] })
    end

    it 'ends at the next look where nobody listened' do
      complete(task, 'score')
      run_job(task)
      expect(task_state(task)).to eq('complete')
    end
  end

  describe 'two runs of one task' do
    it 'leave it waiting for the worker, whichever ends last' do
      task = Scripted.task({ 'extract' => [], 'score' => ['extract'], 'load' => ['score'] },
                           { 'extract' => ->(*) { Thread.new { run_job(task) }.join.then { {} } } },
                           external: ['score'])
      handle(task)
      expect([task_state(task), mark(task)]).to eq(%w[pending awaited])

      complete(task, 'score')
      expect(TaskerCore::Listener.new.wake([task.task_id])).to eq([task.task_id])
    end
  end

  describe 'a completion between the last look of a run and its mark' do
    it 'is found all the same' do
      task = Scripted.task(sandwich, external: ['score'])
      parked = ->(event) { complete(task, 'score') if event.payload[:task_id] == task.task_id }
      listen(['workflow.task_finalization_completed'], parked) { handle(task) }

      expect([mark(task), jobs_of(task)]).to eq(['done', 2])
    end
  end

  describe 'a change from outside while the worker is at it' do
    it 'refuses the late result' do
      task = Scripted.task(sandwich, external: ['score'])
      handle(task)
      claimed = claim(task, 'score').first
      step(task, 'score').state_machine.transition_to!('cancelled')

      expect(worker.renew_claims([claimed])).to be_empty
      late = worker.complete_claim(claimed, results: {})
      expect(late).to have_attributes(code: 'conflict', message: /is now cancelled/)
      expect(history(task, 'score')).to eq(%w[in_progress cancelled])
    end
  end

  describe 'a handler in another process' do
    it 'is begun by one runner, and hears of its claim' do
      task = Scripted.task(sandwich, external: ['score'])
      handle(task)
      claimed = claim(task, 'score').first

      expect(%w[a a b].map { |runner| worker.begin_claim(claimed, runner:) }).to eq(%w[begun begun taken])
      expect(worker.claim_state(claimed)).to eq('held')
      expect(worker.renew_claims([claimed], stopping: true)).to eq([claimed])
      expect(worker.claim_state(claimed)).to eq('stopping')
      step(task, 'score').state_machine.transition_to!('cancelled')
      expect(worker.claim_state(claimed)).to eq('lost')
      expect(worker.begin_claim(claimed, runner: 'a')).to eq('lost')
      expect { worker.begin_claim(claimed, runner: '') }.to raise_error(TaskerCore::InvalidArgument, /runner is ""/)
    end
  end

  describe 'a worker that died' do
    it 'leaves a step that a reset frees, unless it renews its claim' do
      task = Scripted.task(sandwich, external: ['score'])
      handle(task)
      claimed = claim(task, 'score').first
      hour = "- interval '1 hour'"
      Tasker::WorkflowStepTransition.where(id: claimed.token)
                                    .update_all("created_at = created_at #{hour}, updated_at = updated_at #{hour}")
      expect(TaskerCore.stuck_steps(older_than: 600).map(&:workflow_step_id)).to eq([claimed.workflow_step_id])
      expect(worker.renew_claims([claimed])).to eq([claimed])
      expect(TaskerCore.stuck_steps(older_than: 600)).to be_empty

      Tasker::WorkflowStepTransition.where(id: claimed.token).update_all('updated_at = created_at')
      TaskerCore.reset_stuck(older_than: 600)
      expect(history(task, 'score')).to eq(%w[in_progress error pending])
      expect(worker.complete_claim(claimed).code).to eq('conflict')
    end
  end

  describe 'without the core' do
    it "fails with what is missing where the loop is the engine's" do
      switch :active, orchestration: :off
      task = Scripted.task({ 'score' => [] }, external: ['score'], retry_limit: 1)
      handle(task)

      expect(step(task, 'score').results['error']).to match(/outside of Rails. This needs orchestration = :active/)
    end

    it 'changes nothing in shadow mode: no difference is reported' do
      switch :active, orchestration: :shadow
      task = Scripted.task({ 'score' => [] }, external: ['score'], retry_limit: 1)
      handle(task)

      expect([state(task, 'score'), reports]).to eq(['error', []])
    end

    it 'says that the executor is missing where its handler is called' do
      handler = TaskerCore::ExternalStepHandler.new
      expect { handler.handle(nil, nil, Struct.new(:name).new('score')) }
        .to raise_error(TaskerCore::ConfigurationError, /names no executor/)
    end

    it "leaves them alone too where a run fell back to the engine's loop" do
      task = Scripted.task({ 'extract' => [], 'score' => [] }, external: ['score'])
      handler = Scripted.handler(task)
      handler.reenqueuer_strategy = Class.new(Tasker::Orchestration::TaskReenqueuer)
      handler.handle(task)

      expect(step_states(task)).to eq('extract' => 'complete', 'score' => 'pending')
    end
  end

  describe TaskerCore::Listener do
    let(:task) { Scripted.task(sandwich, external: ['score']) }

    def eventually(&)
      Timeout.timeout(20) { sleep 0.01 until yield }
    end

    around do |example|
      @listener = described_class.start(retry_seconds: 0.05)
      example.run
    ensure
      @listener.stop
    end

    it 'enqueues a task when a worker has finished, once' do
      handle(task)
      jobs.clear
      complete(task, 'score')
      eventually { jobs_of(task) == 1 }
      expect(mark(task)).to eq('done')
    end

    it 'listens again after its connection was lost, and looks for what it missed' do
      handle(task)
      jobs.clear
      eventually { listening.any? }
      listening.each { |pid| Database.connection.execute("SELECT pg_terminate_backend(#{pid})") }
      complete(task, 'score')
      eventually { jobs_of(task) == 1 }
    end

    it 'is not kept from its work by whatever anybody notifies' do
      handle(task)
      jobs.clear
      eventually { listening.any? }
      queries = 0
      counter = ->(*, payload) { queries += 1 if payload[:sql].include?('tasker_') && Thread.current != Thread.main }
      ActiveSupport::Notifications.subscribed(counter, 'sql.active_record') do
        Database.connection.execute("SELECT count(pg_notify('#{described_class::CHANNEL}', n::text)) " \
                                    'FROM generate_series(1000000, 1050000) n')
        ['', '-1', '0', "1'; DROP", '9' * 30, '9223372036854775808', '1.5', ' 7', "#{task.task_id}x"].each do |word|
          Database.connection.execute("SELECT pg_notify('#{described_class::CHANNEL}', " \
                                      "#{Database.connection.quote(word)})")
        end
        complete(task, 'score')
        eventually { jobs_of(task) == 1 }
      end
      expect(queries).to be < 300
    end

    it 'runs as a process until SIGTERM' do
      program = <<~RUBY
        require 'rake'
        require 'spec_helper'
        task(:environment)
        load 'lib/tasker_core/rails/tasker_core.rake'
        $stdout.sync = true
        Rake::Task['tasker_core:listen'].invoke
      RUBY
      IO.popen([RbConfig.ruby, '-Ilib', '-Ispec', '-e', program]) do |process|
        expect(process.gets).to start_with('tasker_core listens')
        Process.kill(:TERM, process.pid)
      end
      expect($CHILD_STATUS).to be_success
    end

    def listening
      Database.connection.select_values(
        "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN #{described_class::CHANNEL}'"
      )
    end
  end
end
