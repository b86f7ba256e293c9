# frozen_string_literal: true

require_relative '../engine/delegation_helper'
require_relative '../../support/rails_program'
require_relative '../../parity/support/random_tasks'
require 'tasker_core/operations/verification/command'

# Engine and core compared over the tasks of a database. The stand-in stands for the
# engine's Ruby here; its SQL functions are the engine's.
RSpec.describe TaskerCore::Verification, :database, :delegation do
  include RandomTasks

  let(:questions) { described_class::Question.names }
  let(:readiness) { DelegationHelper::READINESS }

  def verify(**) = TaskerCore.verify(**)

  # Changes what the engine's own readiness answers, and nothing of the core's.
  def answered_otherwise(&change)
    @other_rule = Module.new do
      define_method(:from_sql_function) { |*arguments| super(*arguments).each(&change) }
    end
    readiness.singleton_class.prepend(@other_rule)
  end

  after { @other_rule&.instance_methods&.each { |method| @other_rule.remove_method(method) } }

  describe 'of tasks that are answered alike' do
    let!(:tasks) { random_tasks(Random.new(20_261_126), number: 12) }

    it 'says so in one line, having asked everything' do
      report = verify
      expect(report).to have_attributes(safe?: true, verdict: :safe, exit_code: 0, known: 12, tasks: 12, finished: true,
                                        differences: [], notes: [])
      expect(report.answers).to eq(questions.to_h { |name| [name, 12] })
      expect(report.to_s).to match(/\ASafe to go active: .* answer alike on 12 of 12 tasks \(\d+ \w+.*\)\.\z/)
      expect(report.states.values.sum).to eq(12)
    end

    it "runs the engine's own methods and the core's, whatever the switches are" do
      %i[off shadow active].each do |setting|
        switch setting
        ran = statements { verify(sample: 3) }
        expect(ran).to include('StepReadinessStatus Load', 'StepReadinessStatus Batch Load',
                               'TaskExecutionContext Load', 'TaskExecutionContext Batch Load', 'DependencyLevels Load',
                               'TaskerCore task_snapshot', 'TaskerCore task_snapshots', 'TaskerCore task_topology')
        # One for the engine, one for the core.
        expect(ran.grep(/StepDagRelationship Load/).size).to eq(2)
        expect(reports).to be_empty
      end
    end

    it 'leaves the switches of other threads as they are' do
      inside = nil
      TaskerCore::Engine.switched_off do
        here = TaskerCore.configuration.dependency_resolution
        inside = [here, Thread.new { TaskerCore.configuration.dependency_resolution }.value]
      end
      expect([*inside, TaskerCore.configuration.dependency_resolution]).to eq(%i[off active active])
    end

    it 'writes nothing, and keeps what the engine does from writing' do
      answered_otherwise { Tasker::Task.update_all(complete: true) }
      report = verify(only: %i[step_readiness current_task_state])

      expect(report).to have_attributes(verdict: :unknown, exit_code: 2, differences: [])
      expect(report.notes.map(&:to_s)).to contain_exactly(/\Astep_readiness, 12 tasks .*read-only transaction/)
      expect(report.line).to eq('Cannot tell whether it is safe to go active: step_readiness could not be compared ' \
                                'for every task.')
      expect(Tasker::Task.where(complete: true).count).to eq(tasks.count { |task| state_of(task) == 'complete' })
    end

    def state_of(task) = Tasker::Task.find(task.task_id).status

    it 'leaves no setting of its own in the transaction around it' do
      before = Database.connection.select_value('SHOW statement_timeout')
      verify(sample: 2)
      expect(Database.connection.select_value('SHOW statement_timeout')).to eq(before)
      expect { Tasker::Task.update_all(complete: false) }.not_to raise_error
    end
  end

  describe 'of an answer that differs' do
    let!(:task) do
      Rows.workflow(steps: [{ state: 'complete', processed: true }, { state: 'error', attempts: 1 }], edges: [[1, 2]])
    end

    # A function of the database that answers otherwise, without its text being asked: the
    # version found before is kept.
    def change_function
      readiness.for_task(task.task_id)
      Database.connection.execute(<<~SQL)
        DO $$ BEGIN EXECUTE replace(pg_get_functiondef('get_step_readiness_status(bigint, bigint[])'::regprocedure),
          '''pending''', '''waiting'''); END $$
      SQL
    end

    before do
      Rows.workflow(steps: 1)
      Tasker::WorkflowStep.where(workflow_step_id: task[2]).update_all(results: { secret: 's3cr3t' })
      change_function
    end

    it 'names it, with what reproduces it' do
      report = verify
      found = report.differences.select { |difference| difference.question == :step_readiness }

      expect(report).to have_attributes(safe?: false, verdict: :unsafe, exit_code: 1)
      expect(report.line).to match(/\ANOT safe to go active: \d+ answers? differ/)
      expect(found.map(&:message)).to all(include('state is "waiting" from the engine, "pending" from the core'))
      expect(found.first.engine)
        .to match(/\ATasker::Functions::FunctionBasedStepReadinessStatus\.for_task\(\d+\)\z/)
      expect(report.to_s).to include(found.first.again)
      again = eval(found.first.again) # rubocop:disable Security/Eval -- it is what users are told to run
      expect(again.differences.map(&:message)).to eq([found.first.message])
    end

    it 'keeps the rows that decide, which reproduce it once the task has moved on; no payloads' do
      Tasker::WorkflowStepTransition.where(workflow_step_id: task[2]).delete_all
      difference = verify(task_ids: [task.task_id], only: [:step_readiness]).differences.fetch(0)
      rows = JSON.parse(JSON.generate(difference.rows))

      expect(rows.to_s).not_to include('s3cr3t')
      expect(rows.values_at('workflow_steps', 'workflow_step_edges', 'tasks').map(&:size)).to eq([2, 1, 1])
      replay(rows)
      expect(verify(task_ids: [task.task_id], only: [:step_readiness]).differences.map(&:message))
        .to eq([difference.message])
    end

    # Puts the rows in the place of those that are there.
    def replay(rows)
      [Tasker::WorkflowStepTransition, Tasker::WorkflowStepEdge, Tasker::WorkflowStep].each(&:delete_all)
      Tasker::WorkflowStep.insert_all!(rows['workflow_steps'])
      Tasker::WorkflowStepEdge.insert_all!(rows['workflow_step_edges'])
      transitions = Array(rows['workflow_step_transitions']).map { |row| row.merge('metadata' => {}) }
      Tasker::WorkflowStepTransition.insert_all!(transitions) if transitions.any?
    end

    it 'counts a core that raises where it has to answer' do
      allow(TaskerCore::Core.current).to receive(:call).and_wrap_original do |call, operation, *rest|
        raise TaskerCore::InternalError.new('a fault', code: 'internal') if operation == 'dependency_levels'

        call.call(operation, *rest)
      end
      report = verify(only: [:dependency_levels])
      expect(report.verdict).to eq(:unsafe)
      expect(report.differences.map(&:message)).to all(eq('the core raised TaskerCore::InternalError: a fault'))
    end
  end

  describe 'of what cannot be compared' do
    let!(:task) { Rows.workflow(steps: 2, edges: [[1, 2]]) }

    it 'leaves a question out that takes too long, and says what to do' do
      4.times { Rows.workflow(steps: 1) }
      answered_otherwise { Database.connection.select_value('SELECT pg_sleep(5)') }
      began = Time.now
      report = verify(seconds: 0.2, only: %i[step_readiness dependency_levels])

      expect(Time.now - began).to be < 3
      expect(report).to have_attributes(verdict: :unknown, exit_code: 2)
      expect(report.answers).to eq(step_readiness: 0, dependency_levels: 5)
      expect(report.notes.map(&:to_s)).to contain_exactly(/2 tasks .* no answer within 0\.2 s\. .*EXCEPT=step_read/)
    end

    it 'does not ask the engine about a circle, in which it would not end, and goes on' do
      Rows.insert_edges([[task[2], task[1]]])
      report = verify
      expect(report).to have_attributes(verdict: :safe, exit_code: 0)
      expect(report.line).to end_with('The dependencies of 1 of them form a cycle.')
      expect(report.notes.map(&:to_s)).to contain_exactly(/\Adependency_levels, task #{task.task_id}: .*CycleError\z/)
    end

    it 'says which functions the core leaves to the engine' do
      Database.connection.execute(<<~SQL)
        DO $$ BEGIN EXECUTE replace(pg_get_functiondef('calculate_dependency_levels(bigint)'::regprocedure),
          'BEGIN', 'BEGIN -- changed'); END $$
      SQL
      TaskerCore::Engine::KnownFunctions.reset
      report = verify
      expect(report).to be_safe
      expect(report.line).to end_with(', without dependency_levels.')
      expect(report.notes.map(&:to_s)).to contain_exactly(/calculate_dependency_levels .* leaves this to the engine\z/)
    ensure
      TaskerCore::Engine::KnownFunctions.reset
    end

    it 'does not call nothing safe' do
      expect(verify(states: [:cancelled])).to have_attributes(
        exit_code: 2, line: 'Cannot tell whether it is safe to go active: there are no tasks to compare.'
      )
    end
  end

  describe 'which tasks it takes' do
    def made(state, ago)
      Rows.workflow(steps: 1, state:).task_id.tap do |id|
        Tasker::Task.where(task_id: id).update_all(created_at: Time.current - ago)
      end
    end

    def chosen(**) = verify(only: [:current_task_state], **)

    it 'takes as many of each state as there are' do
      8.times { made('complete', 60) }
      2.times { made('error', 60) }
      made(nil, 60)

      expect(chosen(sample: 5).states).to eq('complete' => 2, 'error' => 2, 'pending' => 1)
      expect(chosen(sample: 5)).to have_attributes(known: 11, tasks: 5)
    end

    it 'draws the same for a seed, others for another one' do
      40.times { made('complete', 60) }
      drawn = ->(seed) { statement_ids { chosen(sample: 6, seed:) } }
      expect(drawn.call(1)).to eq(drawn.call(1)).and have_attributes(size: 6)
      expect(drawn.call(1)).not_to eq(drawn.call(2))
    end

    def statement_ids(&)
      ids = []
      listener = lambda do |*, payload|
        ids << payload[:type_casted_binds] if payload[:name] == 'TaskerCore current_task_state'
      end
      ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
      ids.map { |binds| binds.respond_to?(:call) ? binds.call : binds }
    end

    it 'takes those of some states and of an age, and all where all are asked for' do
      made('error', 10.days)
      recent = made('error', 60)
      made('complete', 60)

      expect(chosen(states: %w[error], newer_than: 1.day)).to have_attributes(known: 1, states: { 'error' => 1 })
      expect(chosen(older_than: 1.day)).to have_attributes(known: 1)
      expect(chosen(sample: :all)).to have_attributes(known: 3, tasks: 3)
      expect(chosen(task_ids: [recent])).to have_attributes(known: 1, tasks: 1)
    end

    it 'takes all of them in slices' do
      named = Rows.named_task_id
      Database.connection.execute(<<~SQL)
        INSERT INTO tasker_tasks (named_task_id, complete, requested_at, context, identity_hash, created_at, updated_at)
        SELECT #{named}, false, localtimestamp, '{}', 'slice' || n, localtimestamp, localtimestamp
        FROM generate_series(1, 2100) n
      SQL
      report = verify(sample: :all, only: [:task_execution_contexts])
      expect(report).to have_attributes(tasks: 2100, known: 2100, answers: { task_execution_contexts: 2100 },
                                        safe?: true)
    end

    it 'names what does not fit, and what may have been meant' do
      expect { verify(states: [:eror]) }
        .to raise_error(TaskerCore::InvalidArgument, /unknown state of a task eror; did you mean error\?/)
      expect { verify(only: [:step_readyness]) }
        .to raise_error(TaskerCore::InvalidArgument, /unknown question step_readyness; did you mean step_readiness\?/)
      expect { verify(sample: 0) }.to raise_error(TaskerCore::InvalidArgument, /sample is 0; it must be .* or :all/)
      expect { verify(older_than: -1) }.to raise_error(TaskerCore::InvalidArgument, /older_than is -1; .* of 0 or more/)
      expect { verify(newer_than: 'soon') }.to raise_error(TaskerCore::InvalidArgument, /newer_than is "soon"/)
      expect { verify(seconds: 0) }.to raise_error(TaskerCore::InvalidArgument, /seconds is 0; it must be/)
      expect { verify(task_ids: ['x']) }.to raise_error(TaskerCore::InvalidArgument, /"x" is not an id/)
    end
  end

  describe 'under other writers', database: :committed do
    it 'compares one picture of the rows, however they change meanwhile' do
      tasks = Array.new(4) { Rows.workflow(steps: 6, edges: [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]) }
      stop = false
      writer = Thread.new do
        client = TaskerCore.on(Database.connection)
        tasks.cycle do |task|
          break if stop

          task.step_ids.each do |id|
            client.transition_step(id, to: client.current_step_state(id) == 'error' ? 'pending' : 'error')
          end
        end
      ensure
        ActiveRecord::Base.connection_handler.clear_active_connections!
      end
      reports = Array.new(15) { verify }
      expect(reports.map(&:differences)).to all(be_empty)
    ensure
      stop = true
      writer&.join
    end
  end

  describe 'bin/rails tasker_core:verify', database: :committed, timeout: 60 do
    before { 30.times { |n| Rows.workflow(steps: 4, edges: [[1, 2], [1, 3], [2, 4]], state: n.even? ? 'error' : nil) } }

    def program(initializer: '', engine: true, &) = RailsProgram.run(initializer:, engine:, &)

    # An initializer with which the engine takes so many seconds longer for each context.
    def slow(seconds)
      <<~RUBY
        Rails.application.config.after_initialize do
          Tasker::Functions::FunctionBasedTaskExecutionContext.singleton_class.prepend(Module.new do
            def find(id) = super.tap { sleep #{seconds} }
          end)
        end
      RUBY
    end

    it 'answers in one line and by its exit code' do
      program do |rails|
        out, err, code = rails.call('tasker_core:verify', SAMPLE: '10', STATES: 'error', NEWER_THAN: '1h')
        expect([out, err, code]).to eq(
          ["Safe to go active: engine and core answer alike on 10 of 15 tasks (10 error).\n", '', 0]
        )
        expect(rails.call('tasker_core:verify', STATES: 'eror')).to match(
          ['', /Cannot tell.*did you mean error\?/, 2]
        )
        expect(rails.call('tasker_core:verify', JSON: '/nowhere/report.json', SAMPLE: '1'))
          .to match([/Safe to go active/, %r{Cannot tell.*/nowhere/report.json}, 2])
        expect(rails.call('tasker_core:verify', TASKER_CORE_IMPLEMENTATION: 'ruby'))
          .to match(['', /Cannot tell.*TASKER_CORE_IMPLEMENTATION=ruby is set/, 2])
        expect(rails.call('tasker_core:verify', OLDER_THAN: 'soon')).to match(['', /OLDER_THAN is "soon"; .*7d/, 2])
      end
    end

    it 'finds what an application has changed, and writes it to a file' do
      initializer = <<~RUBY
        Rails.application.config.after_initialize do
          Tasker::Functions::FunctionBasedTaskExecutionContext.singleton_class.prepend(Module.new do
            def find(id) = super.tap { |context| context.health_status = 'fine' }
          end)
        end
      RUBY
      program(initializer:) do |rails|
        file = "#{Dir.tmpdir}/verify-#{Process.pid}.json"
        out, _, code = rails.call('tasker_core:verify', SAMPLE: '4', JSON: file)
        expect(code).to eq(1)
        expect(out).to include('NOT safe to go active: 4 answers differ on 4 of 30 tasks')
          .and include('health_status is "fine" from the engine')
        written = JSON.parse(File.read(file))
        expect(written).to include('verdict' => 'unsafe', 'tasks' => 4)
        expect(written['differences'].first['rows']).to include('workflow_steps', 'now')
      ensure
        FileUtils.rm_f(file)
      end
    end

    it 'shows on a terminal how far it is, and how long it will take' do
      output = +''
      program(initializer: slow(0.05)) do |rails|
        code = rails.on_terminal('tasker_core:verify') { |terminal| read_all(terminal, output) }
        expect(code).to eq(0)
      end
      output.force_encoding('UTF-8')
      expect(output).to match(/█+░+ +\d+ %  \d+ of 30 tasks, \d s left/)
      # The bar is taken away: what is left is the answer.
      expect(output.split("\e[J").last).to match(/\ASafe to go active/)
    end

    it 'tells what it has seen where it is stopped' do
      output = +''
      program(initializer: slow(0.1)) do |rails|
        code = rails.on_terminal('tasker_core:verify') do |terminal, _|
          output << terminal.readpartial(4096) until output.b.include?('left'.b)
          terminal.write("\x03")
          read_all(terminal, output)
        end
        expect(code).to eq(130)
      end
      expect(output.force_encoding('UTF-8')).to match(/it was stopped after \d+ tasks, which are answered alike/)
    end

    def read_all(terminal, output)
      loop { output << terminal.readpartial(4096) }
    rescue Errno::EIO, EOFError
      nil
    end

    it 'says what is missing without the engine' do
      program(engine: false) do |rails|
        expect(rails.call('tasker_core:verify')).to match(['', /Cannot tell.*Add gem 'tasker-engine'/, 2])
      end
    end
  end
end
