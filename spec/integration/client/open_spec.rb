# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/cluster'
require 'open3'

# TaskerCore.open: the core over connections of its own.
RSpec.describe 'TaskerCore.open' do
  # A call that was interrupted comes back within this time.
  promptly = 0.05

  let(:settings) { {} }
  let(:client) { TaskerCore.open(database_url: Database.url, application_name:, **settings) }
  let(:application_name) { "open_spec #{SecureRandom.hex(4)}" }
  let(:server) { PG.connect(Database.url) }
  let(:locker) { PG.connect(Database.url) }

  after { [client, locker, server].each(&:close) }

  def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # How many sessions of the client the server has.
  def sessions(condition = 'true')
    server.exec_params('SELECT count(*) FROM pg_stat_activity ' \
                       "WHERE application_name = $1 AND #{condition}", [application_name]).getvalue(0, 0).to_i
  end

  def eventually(what)
    200.times do
      return if yield

      sleep 0.01
    end
    raise "it never came true that #{what}"
  end

  # A lock that makes whoever reads steps wait.
  def locked
    locker.exec('BEGIN; LOCK TABLE tasker_workflow_steps IN ACCESS EXCLUSIVE MODE')
    yield
  ensure
    locker.exec('ROLLBACK')
  end

  def until_it_waits(count = 1) = eventually('the call waits') { sessions("wait_event_type = 'Lock'") == count }

  def expect_all_well
    expect(client.dependency_levels(0)).to eq([])
    eventually('no statement is left') { sessions("state <> 'idle'").zero? }
    expect(sessions).to be_between(1, 4)
  end

  describe 'without Rails' do
    program = <<~RUBY
      require 'tasker_core'
      url = ARGV.fetch(0)
      TaskerCore.open(database_url: url) do |tasker|
        tasker.install_schema
        p tasker.step_readiness(1), tasker.step_readiness_batch([1]), tasker.viable_steps(1)
        p tasker.task_execution_context(1), tasker.task_execution_contexts([1]), tasker.dependency_levels(1)
        p tasker.step_dag(1), tasker.current_step_state(1), tasker.current_task_state(1), tasker.readiness_version
        p tasker.analyze_graph(1), tasker.slowest_steps, tasker.slowest_tasks, tasker.check_schema.differences
        p tasker.system_health_counts.total_tasks, tasker.analytics_metrics.active_tasks_count
        begin
          tasker.transition_step(1, to: 'in_progress', metadata: { why: 'a try' })
        rescue TaskerCore::NotFound => e
          p e.code
        end
        begin
          tasker.install_schema
        rescue TaskerCore::SchemaNotEmpty => e
          p e.code
        end
      end
      p defined?(ActiveRecord), defined?(ActiveSupport), defined?(PG), defined?(Rails)
    RUBY

    it 'needs no Active Record for anything' do
      Database.empty do |connection|
        url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
        library = File.expand_path('../../../lib', __dir__)
        output, errors, status = Open3.capture3(Gem.ruby, '-I', library, '-e', program, url)

        expect([errors, status.success?]).to eq(['', true])
        expect(output.split("\n").join(' '))
          .to eq('[] [] [] nil [] [] [] nil nil 2 nil [] [] [] 0 0 "not_found" "schema_not_empty" nil nil nil nil')
      end
    end
  end

  describe 'its life' do
    it 'opens no connection before it is asked, and none too many' do
      client
      expect(sessions).to eq(0)
      client.dependency_levels(1)
      expect(sessions).to eq(1)
    end

    it 'closes after the block, whatever happens in it' do
      kept = nil
      answer = TaskerCore.open(database_url: Database.url, application_name:) do |opened|
        kept = opened
        opened.dependency_levels(1)
      end
      expect(answer).to eq([])
      expect(kept).to be_closed
      failing = ->(opened) { (kept = opened) && raise('mine') }
      expect { TaskerCore.open(database_url: Database.url, &failing) }.to raise_error('mine')
      expect(kept).to be_closed
      eventually('the session ends') { sessions.zero? }
    end

    it 'refuses a call after it was closed' do
      client.close
      expect { client.viable_steps(1) }.to raise_error(TaskerCore::InvalidArgument, /closed/)
      client.close
    end

    it 'ends the calls of other threads when it is closed' do
      locked do
        waiting = Thread.new { client.dependency_levels(1) }
        waiting.report_on_exception = false
        until_it_waits
        client.close
        expect { waiting.value }.to raise_error(TaskerCore::Error, /closed/)
      end
      eventually('the sessions end') { sessions.zero? }
    end

    it 'is another core than that of the host connections' do
      expect(TaskerCore.on(Database.connection).dependency_levels(1)).to eq([])
      client.close
      expect(TaskerCore.on(Database.connection).dependency_levels(1)).to eq([])
    end
  end

  describe 'its settings' do
    def refusal(**settings)
      TaskerCore.open(**settings)
      raise 'it was taken'
    rescue TaskerCore::ConfigurationError => e
      e
    end

    it 'refuses what cannot work, by name' do
      { pool_max_connections: 0, pool_exec_mode: 'fast', pool_acquire_timeout_seconds: -1, colour: 'red',
        application_name: "a\0b" }.each do |name, value|
        error = refusal(database_url: Database.url, name => value)
        expect(error).to have_attributes(code: 'configuration', message: /#{name}/)
      end
      [nil, '', 7].each { |url| expect(refusal(database_url: url).message).to include('database_url') }
    end

    it 'never tells the password' do
      error = refusal(database_url: 'postgresql://me:s3cr3t@host/db?sslmode=odd')
      expect(error.message).to include('sslmode')
      unreachable = TaskerCore.open(database_url: 'postgresql://me:s3cr3t@127.0.0.1:1/db')
      failure = begin
        unreachable.viable_steps(1)
      rescue TaskerCore::DatabaseError => e
        e
      end
      expect(failure).to have_attributes(sqlstate: '08001', retryable?: true)
      said = [error.message, failure.message, unreachable.inspect, unreachable.instance_variable_get(:@core).inspect]
      expect(said.join).not_to include('s3cr3t')
      unreachable.close
    end

    %w[cache_statement cache_describe describe_exec exec simple_protocol].each do |mode|
      context "with pool_exec_mode #{mode}" do
        let(:settings) { { pool_exec_mode: mode } }

        it 'answers' do
          3.times { expect(client.task_execution_contexts([1, 2])).to eq([]) }
          expect(client.readiness_version).to eq(2)
        end
      end
    end
  end

  describe 'a call that waits' do
    it 'lets other threads run, and comes to its end' do
      turns = 0
      waiting = locked do
        thread = Thread.new { client.dependency_levels(1) }
        until_it_waits
        20.times { (turns += 1) && sleep(0.001) }
        expect(thread).to be_alive
        thread
      end
      expect([turns, waiting.value]).to eq([20, []])
    end

    it 'ends at once on Timeout, here and on the server' do
      client.readiness_version
      locked do
        late = Array.new(5) do
          began = clock
          expect { Timeout.timeout(0.2) { client.dependency_levels(1) } }.to raise_error(Timeout::Error)
          eventually('the server stops too') { sessions("state = 'active'").zero? }
          clock - began - 0.2
        end
        expect(late.min).to be < promptly
      end
      expect_all_well
    end

    it 'ends at once on Thread#kill and Thread#raise, here and on the server' do
      locked do
        late = Array.new(6) do |turn|
          waiting = Thread.new { client.dependency_levels(1) }
          waiting.report_on_exception = false
          until_it_waits
          began = clock
          turn.even? ? waiting.kill : waiting.raise(Interrupt)
          expect { waiting.join }.to turn.even? ? output('').to_stdout : raise_error(Interrupt)
          ended = clock - began
          eventually('the server stops too') { sessions("state = 'active'").zero? }
          ended
        end
        expect(late.sort[3]).to be < promptly
      end
      expect_all_well
    end

    it 'takes back what a killed writer wrote', database: :committed do
      task = Rows.workflow(steps: 1, state: 'in_progress')
      locked do
        writer = Thread.new { client.transition_step(task[1], to: :in_progress) }
        writer.report_on_exception = false
        until_it_waits
        writer.kill.join
      end
      expect_all_well
      expect(client.current_step_state(task[1])).to eq('pending')
      expect(client.transition_step(task[1], to: :in_progress).code).to eq('allowed')
    end

    it 'goes on after a signal that only wanted attention' do
      seen = 0
      before = Signal.trap('USR1') { seen += 1 }
      client.readiness_version
      helper = Thread.new do
        until_it_waits
        3.times do
          Process.kill('USR1', Process.pid)
          sleep 0.05
        end
        locker.exec('ROLLBACK')
      end
      locker.exec('BEGIN; LOCK TABLE tasker_workflow_steps IN ACCESS EXCLUSIVE MODE')
      expect(client.dependency_levels(1)).to eq([])
      helper.join
      expect(seen).to eq(3)
    ensure
      Signal.trap('USR1', before || 'DEFAULT')
    end
  end

  describe 'signals whose handler returns', database: :committed do
    # A statement and a COMMIT take as long as over a slow line.
    def slowly
      server.exec(<<~SQL)
        CREATE FUNCTION slow_line() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END';
        CREATE TRIGGER slow_statement AFTER INSERT ON tasker_workflow_step_transitions EXECUTE FUNCTION slow_line();
        CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON tasker_workflow_step_transitions
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_line();
      SQL
      yield
    ensure
      server.exec('SET client_min_messages = warning; DROP FUNCTION slow_line CASCADE')
    end

    def signalled(pause)
      seen = 0
      before = Signal.trap('USR1') { seen += 1 }
      sender = spawn('sh', '-c', "while kill -USR1 #{Process.pid} 2>/dev/null; do sleep #{pause}; done")
      yield
      expect(seen).to be > 3
    ensure
      Process.kill(:KILL, sender)
      Process.wait(sender)
      Signal.trap('USR1', before || 'DEFAULT')
    end

    [0.3, 0.12, 0.03].each do |pause|
      it "leave every write to its end, with one each #{pause} s" do
        task = Rows.workflow(steps: 10, state: 'in_progress')
        slowly do
          signalled(pause) do
            codes = (1..10).map { |place| client.transition_step(task[place], to: :in_progress).code }
            expect(codes).to eq(['allowed'] * 10)
            session = client.open_session(task.task_id)
            expect(session.next.ready).to eq([])
            session.close
          end
        end
        rows = server.exec_params(<<~SQL, [task.task_id])
          SELECT count(*) FROM tasker_workflow_step_transitions JOIN tasker_workflow_steps USING (workflow_step_id)
          WHERE task_id = $1
        SQL
        expect(rows.getvalue(0, 0).to_i).to eq(10)
      end
    end

    it 'serve the exception of a handler that raises, and cancel the call' do
      task = Rows.workflow(steps: 1, state: 'in_progress')
      before = Signal.trap('USR1') { raise Interrupt, 'that is enough' }
      client.readiness_version
      sender = Thread.new do
        until_it_waits
        Process.kill('USR1', Process.pid)
      end
      locked do
        expect { client.transition_step(task[1], to: :in_progress) }.to raise_error(Interrupt, 'that is enough')
      end
      sender.join
      expect_all_well
      expect(client.current_step_state(task[1])).to eq('pending')
    ensure
      Signal.trap('USR1', before || 'DEFAULT')
    end

    it 'leave interrupts that are put off for later' do
      order = []
      waiting = nil
      locked do
        waiting = Thread.new do
          Thread.handle_interrupt(RuntimeError => :never) do
            client.dependency_levels(1)
            order << :answered
          end
        rescue RuntimeError
          order << :interrupted
        end
        until_it_waits
        3.times { waiting.raise('now') && sleep(0.01) }
        expect(waiting.join(0.05)).to be_nil
      end
      waiting.join
      expect(order).to eq(%i[answered interrupted])
    end
  end

  describe 'many threads' do
    it 'share four connections, and every thread gets its turn and its own answer', database: :committed do
      tasks = Array.new(16) { |n| Rows.workflow(steps: n + 1, edges: (1..n).map { |i| [i, i + 1] }).task_id }
      counts = Array.new(64) do |n|
        Thread.new { Array.new(25) { |i| client.dependency_levels(tasks[(n + i) % 16]).size - ((n + i) % 16) } }
      end.flat_map(&:value)

      expect(counts).to eq([1] * 1600)
      expect(sessions).to be_between(1, 4)
      expect_all_well
    end

    context 'with little patience' do
      let(:settings) { { pool_max_connections: 2, pool_acquire_timeout_seconds: 0.05 } }

      it 'say clearly what they waited for' do
        client.readiness_version
        locked do
          holders = Array.new(2) { Thread.new { client.dependency_levels(1) } }
          until_it_waits(2)
          expect { client.dependency_levels(1) }.to raise_error(TaskerCore::TimeoutError) { |error|
            expect(error).to have_attributes(code: 'timeout', retryable?: true)
            expect(error.message).to include('50ms', 'all 2', 'pool_max_connections', 'pool_acquire_timeout_seconds')
          }
          holders.each(&:kill).each(&:join)
        end
        expect_all_well
      end
    end
  end

  describe 'a forked child' do
    def answer_of_child(&block)
      reader, writer = IO.pipe(binmode: true)
      pid = fork do
        reader.close
        writer.write(block.call.to_msgpack)
        writer.close
      ensure
        exit!
      end
      writer.close
      MessagePack.unpack(reader.read).tap { Process.wait(pid) }
    end

    it 'opens connections of its own and leaves those of its parent alone' do
      client.dependency_levels(1)
      answers = answer_of_child { [client.dependency_levels(0), client.viable_steps(0), client.readiness_version] }

      expect(answers).to eq([[], [], 2])
      expect_all_well
    end

    it 'does so while a thread of the parent waits, and in a grandchild' do
      locked do
        waiting = Thread.new { client.dependency_levels(1) }
        until_it_waits
        expect(answer_of_child { answer_of_child { client.current_task_state(1) } }).to be_nil
        waiting.kill.join
      end
      expect_all_well
    end

    it 'has no use of a client that was closed' do
      client.close
      code = answer_of_child do
        client.viable_steps(1)
      rescue TaskerCore::InvalidArgument => e
        e.code
      end
      expect(code).to eq('invalid_argument')
    end
  end

  describe 'what it writes' do
    it 'is one transaction: a schema that cannot be finished is not begun' do
      Database.empty do |connection|
        connection.execute('CREATE FUNCTION get_step_readiness_status(bigint, bigint[]) RETURNS integer ' \
                           "LANGUAGE sql AS 'SELECT 1'")
        url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
        TaskerCore.open(database_url: url) do |own|
          expect { own.install_schema }.to raise_error(TaskerCore::Error)
        end
        expect(connection.tables).to eq([])
      end
    end

    it 'does not see, nor wait for, what the application has not committed', :database do
      task = Rows.workflow(steps: 2)

      expect(TaskerCore.on(Database.connection).dependency_levels(task.task_id).size).to eq(2)
      expect(client.dependency_levels(task.task_id)).to eq([])
    end
  end

  describe 'a server that restarts' do
    it 'costs at most the calls that ran', timeout: 120 do
      Cluster.run do |cluster|
        TaskerCore.open(database_url: cluster.url) do |own|
          own.install_schema
          3.times do
            Array.new(4) { Thread.new { own.dependency_levels(1) } }.each(&:join)
            cluster.restart
            expect(own.dependency_levels(1)).to eq([])
          end
          cluster.stop
          expect { own.dependency_levels(1) }.to raise_error(TaskerCore::DatabaseError, &:retryable?)
          cluster.start
          expect(own.dependency_levels(1)).to eq([])
        end
      end
    end
  end

  describe 'through PgBouncer in transaction mode' do
    bouncer = ENV.fetch('TASKER_CORE_TEST_PGBOUNCER_URL', nil)

    before { skip 'TASKER_CORE_TEST_PGBOUNCER_URL is not set: there is no PgBouncer here' unless bouncer }

    %w[cache_describe exec simple_protocol].each do |mode|
      it "answers many threads with pool_exec_mode #{mode}", database: :committed do
        task = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]], state: 'in_progress')
        TaskerCore.open(database_url: bouncer, pool_exec_mode: mode) do |own|
          answers = Array.new(16) do
            Thread.new { Array.new(10) { [own.viable_steps(task.task_id), own.dependency_levels(task.task_id).size] } }
          end.flat_map(&:value)
          expect(answers.uniq).to eq([[[task[1]], 3]])
          expect(own.transition_step(task[1], to: :in_progress).code).to eq('allowed')
          expect(own.current_step_state(task[1])).to eq('in_progress')
        end
      end
    end
  end
end
