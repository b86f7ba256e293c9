# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/cluster'
require_relative '../../support/listening_process'

# Events between two processes: this one is the Rails application, the other a program
# with connections of its own.
RSpec.describe 'the event relay', :orchestration, database: :committed do
  let(:channel) { "relay #{SecureRandom.hex(4)}" }
  let(:subscriptions) { [] }
  let(:publisher) { Tasker::Events::Publisher.instance }
  let(:connection) { Tasker::ApplicationRecord.connection }

  before do
    switch_on
    TaskerCore::Engine::PublisherHooks::Bridge.reset
  end

  after { subscriptions.each(&:close) }

  def switch_on(**settings)
    TaskerCore.configure do |config|
      config.event_relay = true
      config.event_relay_channel = channel
      settings.each { |name, value| config.public_send(:"#{name}=", value) }
    end
  end

  def other(url = Database.url, **, &) = ListeningProcess.run(url, event_relay_channel: channel, **, &)

  # Subscribes here.
  def hear(*names)
    queue = Queue.new
    subscriptions << TaskerCore.subscribe(*names) { |event| queue << event }
    TaskerCore::Core.current
    queue
  end

  def publish(name, **payload) = publisher.publish(name, payload)

  it "lets another process hear a whole run: each event once, in order, with the task's names" do
    other do |process|
      task = Scripted.task({ 'a' => [], 'b' => ['a'] })
      published = events(*TaskerCore.events.map(&:name)) { Scripted.handle(task) }
      publish('order.done')
      heard = process.hear_until('order.done').reject { |event| event.name == 'observability.task.enqueue' }.drop(1)

      expect(process.stats).to include('listening' => true)
      expect(heard.map(&:name)).to eq(published.map(&:first))
      completed = heard.reverse.find { |event| event.name == 'step.completed' }
      expect(completed).to have_attributes(task_id: task.task_id, step_id: step(task, 'b').workflow_step_id,
                                           task_name: task.name, namespace: 'default', step_name: 'b',
                                           origin: /:#{Process.pid}:host\z/)
      expect(completed.payload).to include('event_type' => 'completed', 'timestamp' => /\A\d{4}-/)
    end
  end

  it 'hears what another process publishes, beside its own events, which come once' do
    queue = hear('order.*')
    other do |process|
      publish('order.here', task_id: 7)
      process.publish('order.there', { 'total' => 12.5, 'lines' => [{ 'n' => 1 }] }, task_id: 8, step_name: 'pay')

      here, there = Array.new(2) { queue.pop(timeout: 20) }
      expect(here).to have_attributes(name: 'order.here', task_id: 7)
      expect(there).to have_attributes(name: 'order.there', task_id: 8, step_name: 'pay')
      expect(there.payload).to eq(total: 12.5, lines: [{ n: 1 }])
      expect(there.origin).to match(/:#{process.pid}:\d+\z/)
      expect(process.hear(2).map(&:name)).to contain_exactly('order.here', 'order.there')
      expect(queue).to be_empty
    end
  end

  it 'shows nothing of a transaction before its end, and nothing of one that is rolled back' do
    other do |process|
      connection.transaction do
        publish('order.inside', task_id: 1)
        TaskerCore.publish('order.direct', { 'by' => 'core' })
        connection.transaction(requires_new: true) do
          publish('order.savepoint', task_id: 2)
          raise ActiveRecord::Rollback
        end
        connection.transaction(requires_new: true) { publish('order.kept', task_id: 3) }
        connection.transaction { publish('order.joined', task_id: 4) }
        publish('order.last', task_id: 5)
        process.publish('order.meanwhile')
        expect(process.hear(1).map(&:name)).to eq(%w[order.meanwhile])
      end
      connection.transaction do
        publish('order.never')
        raise ActiveRecord::Rollback
      end
      publish('order.done')

      expect(process.hear_until('order.done').map(&:name))
        .to eq(%w[order.inside order.direct order.kept order.joined order.last])
    end
  end

  it 'keeps the order of events in and outside of transactions' do
    before = TaskerCore.relay_stats[:sent]
    other do |process|
      1.step(300, 3) do |n|
        publish('order.numbered', task_id: n)
        connection.transaction { publish('order.numbered', task_id: n + 1) }
        publish('order.numbered', task_id: n + 2)
      end

      expect(process.hear(300).map(&:task_id)).to eq((1..300).to_a)
      expect(TaskerCore::Relay.flush).to be(true)
      expect(TaskerCore.relay_stats[:sent] - before).to eq(300)
      expect(TaskerCore.relay_stats).to include(waiting: 0, dropped: 0)
    end
  end

  # While this thread has the only connection, nobody else can send.
  def with_every_connection
    pool = Tasker::ApplicationRecord.connection_pool
    connection.verify!
    others = Array.new(pool.size - pool.stat[:busy]) { pool.checkout }
    yield
  ensure
    others&.each { |one| pool.checkin(one) }
  end

  it 'sends what a transaction took along and could not commit' do
    other do |process|
      with_every_connection do
        publish('order.outside')
        connection.transaction do
          publish('order.never')
          connection.current_transaction.before_commit { raise IOError, 'no commit' }
        end
      rescue IOError
        nil
      end
      expect(process.hear(1).map(&:name)).to eq(%w[order.outside])
      publish('order.done')
      expect(process.hear_until('order.done')).to be_empty
    end
  end

  it 'sends what waits once the database can be reached again' do
    other do |process|
      publish('order.before')
      expect(process.hear(1).map(&:name)).to eq(%w[order.before])
      Database::Server.run('SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' \
                           'WHERE datname = current_database() AND pid <> pg_backend_pid() ' \
                           "AND application_name NOT LIKE 'tasker_core%'")
      publish('order.after')

      expect(process.hear(1).map(&:name)).to eq(%w[order.after])
      expect(TaskerCore::Relay.flush).to be(true)
      expect(TaskerCore.relay_stats).to include(waiting: 0, dropped: 0)
    end
  ensure
    connection.reconnect!
  end

  it 'leaves a transaction alone in which a statement has failed' do
    other do |process|
      connection.transaction do
        publish('order.never')
        connection.execute('SELECT 1 / 0')
      rescue ActiveRecord::StatementInvalid
        nil
      end
      publish('order.done')

      expect(process.hear_until('order.done')).to be_empty
    end
  end

  it 'sends the events of a transaction with one statement' do
    statements = []
    listener = ->(*, payload) { statements << payload[:name] if payload[:name]&.start_with?('TaskerCore relay') }
    other do |process|
      ActiveSupport::Notifications.subscribed(listener, 'sql.active_record') do
        connection.transaction { 100.times { |n| publish('order.numbered', task_id: n + 1) } }
      end
      expect(statements.size).to eq(1)
      expect(process.hear(100).map(&:task_id)).to eq((1..100).to_a)
    end
  end

  it 'forgets what a lost connection left behind' do
    other do |process|
      expect do
        connection.transaction do
          publish('order.lost')
          connection.execute('SELECT pg_terminate_backend(pg_backend_pid())')
        end
      end.to raise_error(ActiveRecord::ActiveRecordError)
      connection.reconnect!
      connection.transaction { publish('order.found') }

      expect(process.hear(1).map(&:name)).to eq(%w[order.found])
    end
  end

  it 'carries large payloads, awkward texts and numbers, and hides what the application hides' do
    other do |process|
      publish('order.large', text: 'ä€😀"\\' * 4000, infinite: 1 / 0.0, big: 2**80, at: Time.utc(2030, 1, 2),
                             task: Tasker::Task.new(task_id: 9), symbol: :x, bytes: "\xff".b, api_token: 'x')
      publish('order.huge', task_id: 3, text: 'x' * (1 << 20))
      large, huge = process.hear(2)

      expect(large.payload).to include('text' => 'ä€😀"\\' * 4000, 'infinite' => 'Infinity', 'big' => (2**80).to_s,
                                       'at' => '2030-01-02T00:00:00.000000Z', 'task' => 9, 'symbol' => 'x',
                                       'bytes' => "\uFFFD", 'api_token' => '[FILTERED]')
      expect(huge.payload.keys).to eq(%w[payload_omitted_bytes])
      expect(huge.task_id).to eq(3)
    end
  end

  it 'goes on in a forked child, which has an origin of its own' do
    other do |process|
      queue = hear('order.*')
      publish('order.parent')
      expect(process.hear(1).first.origin).to end_with(":#{Process.pid}:host")
      child = Children.fork_and_wait do
        heard = Queue.new
        TaskerCore.subscribe('order.*') { |event| heard << event.name }
        TaskerCore::Core.current
        publisher.publish('order.child', {})
        process.publish('order.answer')
        [Process.pid, Array.new(2) { heard.pop(timeout: 20) }].tap { TaskerCore::Relay.flush }
      end

      expect(child.last).to eq(%w[order.child order.answer])
      expect(process.hear(2).to_h { |event| [event.name, event.origin] })
        .to include('order.child' => a_string_ending_with(":#{child.first}:host"))
      expect(Array.new(3) { queue.pop(timeout: 20).name })
        .to contain_exactly('order.parent', 'order.child', 'order.answer')
    end
  end

  it 'sends only the events that are named' do
    switch_on(event_relay_names: ['order.*', 'step.completed'])
    other do |process|
      Scripted.handle(Scripted.task({ 'a' => [] }))
      publish('order.done')
      expect(process.hear_until('order.done').map(&:name).uniq).to eq(%w[step.completed])
    end
  end

  it 'has no connection of its own while nobody subscribes here' do
    listening = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN \"#{channel}\"'"
    publish('order.paid')
    Scripted.handle(Scripted.task({ 'a' => [] }))
    expect(connection.select_value(listening)).to eq(0)
    hear('order.*')
    expect(connection.select_value(listening)).to eq(1)
  end

  it 'builds nothing while nobody subscribes and nothing is relayed' do
    TaskerCore.configure { |c| c.event_relay = false }
    TaskerCore.configure { |c| c.event_bridge = true }
    payload = Class.new(Hash) { def transform_values = raise('it is built') }.new
    expect { publisher.publish('order.paid', payload) }.not_to raise_error
    expect(TaskerCore::Reporting.counts).to be_empty
    queue = hear('order.*')
    publish('order.paid', task_id: 4)
    expect(queue.pop(timeout: 20)).to have_attributes(name: 'order.paid', task_id: 4)
  end

  it 'gives subscribers of this process the events of a namespace and a step' do
    TaskerCore.configure do |config|
      config.event_relay = false
      config.event_bridge = true
    end
    names = Queue.new
    [{ namespace: 'default', step_name: 'b' }, { namespace: 'elsewhere' }].each do |filter|
      subscriptions << TaskerCore.subscribe('step.completed', **filter) { |event| names << [filter, event.step_name] }
    end
    Scripted.handle(Scripted.task({ 'a' => [], 'b' => ['a'] }))
    subscriptions.each(&:close)

    expect(Array.new(names.size) { names.pop }).to eq([[{ namespace: 'default', step_name: 'b' }, 'b']] * 3)
  end

  it 'touches nothing while it is off' do
    TaskerCore.configure { |c| c.event_relay = false }
    queue = hear('*')
    publish('order.paid')
    TaskerCore.publish('order.sent')
    expect(queue.pop(timeout: 20).name).to eq('order.sent')
  end

  context 'with a client that writes over connections of its own' do
    let(:task) { Scripted.task({ 'a' => [], 'b' => ['a'] }) }

    def client(&) = TaskerCore.open(database_url: Database.url, event_relay: true, event_relay_channel: channel, &)

    # Lets every transaction that writes a step's transition fail when it commits.
    def refuse_commits
      connection.execute(<<~SQL)
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON tasker_workflow_step_transitions
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
      SQL
      yield
    ensure
      connection.execute('DROP FUNCTION refuse() CASCADE')
    end

    it 'tells of its transitions once, and of none that is refused or not committed' do
      first, second = steps(task).values_at('a', 'b').map(&:workflow_step_id)
      other do |process|
        client do |writer|
          refuse_commits { expect { writer.transition_step(first, to: 'cancelled') }.to raise_error(/not today/) }
          writer.transition_step(second, to: 'in_progress')
          writer.transition_step(first, to: 'in_progress')
          writer.transition_steps([first, second], to: 'complete')
          writer.publish('order.done')
          heard = process.hear_until('order.done')

          expect(heard.map { |event| [event.name, event.step_id] })
            .to eq([['step.execution_requested', first], ['step.completed', first]])
          expect(heard.first).to have_attributes(task_id: task.task_id, task_name: task.name, step_name: 'a',
                                                 payload: include('to_state' => 'in_progress'))
          expect(writer.relay_stats).to include(failed: 0)
        end
      end
    end

    it 'tells of the tasks that it makes, once each, and of none that is not committed' do
      other do |process|
        client do |writer|
          steps = [{ name: 'a' }, { name: 'b' }]
          make = ->(maker, day) { maker.create_task('report', namespace: 'etl', steps:, context: { 'day' => day }) }
          outside = make[writer, 1]
          here = TaskerCore.on(connection)
          connection.transaction { make[here, 2].then { raise ActiveRecord::Rollback } }
          inside = connection.transaction { make[here, 3] }
          writer.publish('order.done')
          TaskerCore.publish('order.done')
          heard = process.hear_until('order.done') + process.hear_until('order.done')

          expect(heard.map { |event| [event.name, event.task_id, event.namespace, event.task_name] }).to match_array(
            [outside, inside].map { |task| ['task.start_requested', task.task_id, 'etl', 'report'] }
          )
          expect(heard.map { |event| event.payload.values_at('step_count', 'task_context') })
            .to contain_exactly([2, { 'day' => 1 }], [2, { 'day' => 3 }])
        end
      end
    end

    it 'tells of what a session claims and finishes' do
      first = step(task, 'a').workflow_step_id
      other do |process|
        client do |writer|
          writer.transition_task(task.task_id, to: 'in_progress')
          session = writer.open_session(task.task_id)
          session.claim(first)
          session.complete(first)
          session.close
          writer.publish('order.done')

          expect(process.hear_until('order.done').map(&:name))
            .to eq(%w[task.start_requested step.execution_requested step.completed])
        end
      end
    end
  end

  context 'through PgBouncer', if: ENV.key?('TASKER_CORE_TEST_PGBOUNCER_URL') do
    it 'says that it may hear nothing where it listens through the pooler' do
      other(ENV.fetch('TASKER_CORE_TEST_PGBOUNCER_URL'), pool_exec_mode: 'exec') do |process|
        expect(process.stats['failure']).to match(/leads through a pooler.*set event_relay_url/)
      end
      other { |process| expect(process.stats['failure']).to eq('') }
    end

    it 'listens at the server itself, and sends through the pooler' do
      settings = { pool_exec_mode: 'exec', event_relay_url: Database.url }
      other(ENV.fetch('TASKER_CORE_TEST_PGBOUNCER_URL'), **settings) do |process|
        queue = hear('order.*')
        publish('order.here')
        expect(process.hear(1).map(&:name)).to eq(%w[order.here])
        process.publish('order.there')
        expect(Array.new(2) { queue.pop(timeout: 20).name }).to eq(%w[order.here order.there])
      end
    end
  end

  it 'tells of the gap when the database was restarted' do
    Cluster.run do |cluster|
      other(cluster.url) do |process|
        before = Time.now
        cluster.restart
        gap = process.hear(1).first

        expect(gap).to have_attributes(name: 'relay.gap', payload: include('reason'))
        from, to = gap.payload.values_at('gap_from', 'gap_to').map { |text| Time.iso8601(text) }
        expect(from).to be_between(before - 20, to)
        process.publish('order.after')
        expect(process.hear(1).map(&:name)).to eq(%w[order.after])
      end
    end
  end
end
