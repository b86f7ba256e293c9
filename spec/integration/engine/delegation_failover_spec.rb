# frozen_string_literal: true

require 'open3'
require_relative 'delegation_helper'

RSpec.describe TaskerCore::Failover, :delegation do
  readiness = DelegationHelper::READINESS

  # Runs code in a process of its own, with the stand-in and the spec's database.
  def in_subprocess(code, **environment)
    script = "require '#{File.expand_path('delegation_helper', __dir__)}'\n" \
             "TaskerCore.configure { |c| c.dependency_resolution = :active }\n#{code}"
    variables = environment.transform_keys(&:to_s).merge(Database::VARIABLE => Database.url)
    output, status = Open3.capture2e(variables, RbConfig.ruby, '-e', script)
    expect(status).to be_success, output
    output
  end

  context 'without the native core', database: :committed do
    let!(:task) { Rows.workflow(steps: 2, edges: [[1, 2]]) }

    it 'goes on with the engine\'s methods, says so once, and counts each time' do
      output = in_subprocess(<<~RUBY, TASKER_CORE_IMPLEMENTATION: 'ruby')
        said = []
        TaskerCore.configuration.on_report = ->(report) { said << report }
        p TaskerCore.implementation
        p 3.times.map { Tasker::Functions::FunctionBasedStepReadinessStatus.for_task(#{task.task_id}).size }
        p Tasker::Functions::FunctionBasedDependencyLevels.for_task(#{task.task_id}).size
        p said.map { |report| [report.kind, report.capability, report.operation] }
        p TaskerCore::Reporting.counts
      RUBY
      expect(output.lines(chomp: true).first(3)).to eq([':ruby', '[2, 2, 2]', '2'])
      expect(output).to include('[[:failover, :dependency_resolution, ' \
                                '"Tasker::Functions::FunctionBasedStepReadinessStatus.for_task"]]')
      expect(output).to match(/\{\[:dependency_resolution, :failover\]=>4\}/)
    end

    it 'says so on standard error where there is no logger' do
      output = in_subprocess(<<~RUBY, TASKER_CORE_IMPLEMENTATION: 'ruby')
        Rails.logger = nil
        Tasker::Functions::FunctionBasedTaskExecutionContext.find(#{task.task_id})
      RUBY
      expect(output).to match(/tasker_core: .*find continues with the engine's own.*TASKER_CORE_IMPLEMENTATION=ruby/)
    end
  end

  context 'in a forked child', database: :committed do
    let!(:task) { Rows.workflow(steps: 2, edges: [[1, 2]]) }

    it 'answers in the child and goes on answering in the parent' do
      output = in_subprocess(<<~RUBY)
        readiness = Tasker::Functions::FunctionBasedStepReadinessStatus
        p readiness.for_task(#{task.task_id}).size
        ActiveRecord::Base.connection_handler.clear_all_connections!
        child = fork do
          p readiness.for_task(#{task.task_id}).size
          $stdout.flush
          exit!(0)
        end
        Process.wait(child)
        p $?.exitstatus, readiness.for_task(#{task.task_id}).size
      RUBY
      expect(output.split).to eq(%w[2 2 0 2])
    end
  end

  context 'with a fault of the core', :database do
    let!(:task) { Rows.workflow(steps: 1) }
    let(:id) { task.task_id }

    def failing(error)
      engine = -> { :engine }
      described_class.read(:dependency_resolution, 'Some.method', engine) { raise error }
    end

    it 'gives the engine\'s answer and reports each reason once' do
      2.times { expect(failing(TaskerCore::InternalError.new('a fault', code: 'internal'))).to eq(:engine) }
      expect(failing(TaskerCore::Unavailable.new('poisoned', code: 'poisoned'))).to eq(:engine)
      expect(failing(NoMethodError.new('a programming error'))).to eq(:engine)
      expect(reports.map(&:kind)).to eq(%i[failover failover failover])
      expect(TaskerCore::Reporting.counts).to eq({ %i[dependency_resolution failover] => 4 })
    end

    it 'lets domain errors and foreign exceptions through' do
      [TaskerCore::CycleError.new('a circle', code: 'cycle'), RuntimeError.new('of somebody else'),
       Timeout::Error.new('of the application')].each do |error|
        expect { failing(error) }.to raise_error(error)
      end
      expect(reports).to be_empty
    end

    it 'survives an on_report that raises' do
      TaskerCore.configuration.on_report = ->(_) { raise 'no' }
      expect { expect(failing(TypeError.new('a fault'))).to eq(:engine) }.to output(/on_report raised/).to_stderr
    end
  end

  context 'with a database that fails' do
    def with_connection(connection)
      allow(Tasker::ApplicationRecord).to receive(:connection).and_return(connection)
      yield
    ensure
      RSpec::Mocks.space.proxy_for(Tasker::ApplicationRecord).reset
    end

    it 'gives the application its own exception where the schema is missing' do
      Database.empty do |connection|
        with_connection(connection) do
          expect { readiness.for_task(1) }
            .to raise_error(ActiveRecord::StatementInvalid) { |e| expect(e.cause).to be_a(PG::UndefinedTable) }
        end
      end
      expect(reports).to be_empty
    end

    it 'gives the application its own exception where the server cannot be reached' do
      Database.elsewhere('postgresql:///nowhere?host=/nonexistent&user=postgres') do |connection|
        with_connection(connection) do
          expect { readiness.for_task(1) }.to raise_error(ActiveRecord::ConnectionNotEstablished)
        end
      end
      expect(reports).to be_empty
    end

    def end_session(backend)
      Database::Server.run(<<~SQL)
        DO $$ BEGIN
          PERFORM pg_terminate_backend(#{backend});
          WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = #{backend}) LOOP
            PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
          END LOOP;
        END $$
      SQL
    end

    # How many calls fail depends on which of the socket's messages is read first, with
    # the core and without.
    def eventually(tries: 5)
      yield
    rescue ActiveRecord::ActiveRecordError
      (tries -= 1).positive? ? retry : raise
    end

    it 'goes on after the server ended the session, as the engine does', database: :committed do
      task = Rows.workflow(steps: 2)
      answer = lambda do |mode|
        switch mode
        # Active Record does not reconnect by itself once somebody had the raw connection.
        Database.connection.reconnect!
        readiness.for_task(task.task_id)
        end_session(Database.connection.select_value('SELECT pg_backend_pid()'))
        eventually { readiness.for_task(task.task_id).size }
      end
      expect(answer.call(:active)).to eq(answer.call(:off))
      expect(reports).to be_empty
    end

    it 'leaves a function of unknown rules to the database, and says so once', :database do
      task = Rows.workflow(steps: 1)
      Database.connection.execute(<<~SQL)
        DO $$ BEGIN EXECUTE replace(pg_get_functiondef('get_step_readiness_status(bigint, bigint[])'::regprocedure),
          '''pending''', '''waiting'''); END $$
      SQL
      expect(states(task)).to eq(['waiting'])
      expect(states(task)).to eq(['waiting'])
      expect(reports.map(&:kind)).to eq([:unknown_function])
    end
  end
end
