# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'
require_relative '../../support/collector'
require 'timeout'

# What a program drops without closing it.
RSpec.describe 'what nobody closed', database: :committed do
  let!(:task) { Rows.workflow(steps: 2, state: 'in_progress') }
  let(:server) { PG.connect(Database.url) }
  let(:application_name) { "abandoned_spec #{SecureRandom.hex(4)}" }
  let(:reports) { Collector.new }

  # What the collector has not found yet it would report in the middle of another example.
  after do
    ObjectSpace.each_object(TaskerCore::Session).each(&:close)
    ObjectSpace.each_object(TaskerCore::Core).each { |core| core.close unless core == TaskerCore::Core.current }
    GC.start
  end

  around do |example|
    before = TaskerCore.configuration.on_report
    TaskerCore.configuration.on_report = ->(report) { reports << report }
    TaskerCore::Reporting.reset
    example.run
  ensure
    TaskerCore.configuration.on_report = before
    TaskerCore::Reporting.reset
    server.close
  end

  # The collector looks for references in whatever the stacks hold, so that it may take a
  # few objects for alive: never many.
  few = 4

  def eventually(at_most)
    count = nil
    300.times do
      return if (count = yield) <= at_most

      GC.start
      sleep 0.01
    end
    raise "#{count} are left"
  end

  def connections
    server.exec_params('SELECT count(*) FROM pg_stat_activity WHERE application_name = $1', [application_name])
          .getvalue(0, 0).to_i
  end

  def opened(**settings) = TaskerCore.open(database_url: Database.url, application_name:, **settings)

  def reported(report, what)
    report.kind == :not_closed && report.message.start_with?("#{what} was dropped without being closed")
  end

  # In a method of its own nothing on the stack holds it afterwards; nor in a thread's.
  def in_passing(&) = Thread.new(&).join && nil

  it 'closes clients with their connections, and reports it' do
    in_passing { 15.times { opened.dependency_levels(task.task_id) } }
    eventually(few) { connections }

    eventually(0) { reports.to_a.any? { |report| reported(report, 'a client of TaskerCore.open') } ? 0 : 1 }
  end

  it 'closes sessions of clients that live, so that there is room for others' do
    client = opened(max_sessions: 20)
    in_passing { 20.times { client.open_session(task.task_id) } }
    eventually(few) { client.session_stats[:sessions_open] }
    in_passing { 100.times { client.open_session(task.task_id) } }

    expect(client.session_stats[:sessions_opened]).to eq(120)
    eventually(0) { reports.to_a.any? { |report| reported(report, "a session on task #{task.task_id}") } ? 0 : 1 }
  ensure
    client&.close
  end

  it 'closes sessions over an Active Record connection' do
    client = TaskerCore.on(ActiveRecord::Base.connection)
    before = client.session_stats[:sessions_open]
    in_passing { 20.times { client.open_session(task.task_id) } }
    eventually(before + few) { client.session_stats[:sessions_open] }
  end

  # In a process of its own: objects of other examples may be found at any time.
  it 'leaves alone what somebody holds, or has closed' do
    answer = Children.fork_and_wait do
      client = opened
      held = client.open_session(task.task_id)
      in_passing do
        opened.tap { |other| other.open_session(task.task_id).close }.close
        client.open_session(task.task_id, &:context)
      end
      5.times { GC.start && sleep(0.01) }
      [held.next.ready, client.session_stats[:sessions_open], TaskerCore::Reporting.counts]
    end

    expect(answer).to eq([[task[1], task[2]], 1, {}])
  end

  it 'leaves alone what a copy still holds, and closes it with the last one' do
    client = opened
    session = client.open_session(task.task_id)
    in_passing { 50.times { session.on(TaskerCore::HostConnection.new(nil)) && client.dup && session.dup } }
    GC.start
    expect(session.next.ready).to eq([task[1], task[2]])

    copy = client.instance_variable_get(:@core).dup
    in_passing { copy.dup }
    GC.start
    expect(copy.call('ping', {})).to eq('pong')
  ensure
    session&.close
    client&.close
  end

  it 'keeps a client as long as somebody subscribes to it' do
    got = Collector.new
    subscription = nil
    in_passing { subscription = opened.subscribe('*') { |event| got << event } }
    5.times { GC.start && sleep(0.01) }
    subscription.instance_variable_get(:@subscriptions).instance_variable_get(:@owner)
                .publish([['still.there', nil, nil, nil, nil, nil, nil, nil]])

    expect(got.first(1).first.name).to eq('still.there')
    subscription.close
  end

  it 'does nothing in a forked child, nor at the end of a process' do
    client = opened
    client.open_session(task.task_id)
    said = Children.fork_and_wait do
      client = nil
      GC.start
      TaskerCore::Reporting.counts
    end
    expect(said).to eq({})
    expect(connections).to eq(1)

    output, status = Children.ruby("require 'tasker_core'; $c = TaskerCore.open(database_url: ENV['URL']); " \
                                   'p $c.readiness_version', { 'URL' => Database.url })
    expect([output.strip, status.success?]).to eq(['2', true])
  ensure
    client&.close
  end

  describe 'where an interrupt comes with the answer' do
    # Interrupts at every moment of a call, a little later each time.
    def interrupted(rounds, &block)
      rounds.times do |round|
        thread = Thread.new(&block)
        thread.report_on_exception = false
        sleep round * 0.0001
        round.even? ? thread.kill : thread.raise(Timeout::Error)
        thread.join
      rescue Timeout::Error
        nil
      end
    end

    it 'loses no session' do
      client = opened
      client.readiness_version
      interrupted(150) { client.open_session(task.task_id).close }
      eventually(few) { client.session_stats[:sessions_open] }
    ensure
      client&.close
    end

    it 'loses no queue' do
      client = opened
      client.subscribe('warm.up') { nil }.close
      interrupted(100) { client.subscribe('a.*') { nil } }
      known = client.send(:subscriptions).instance_variable_get(:@list)
      expect(client.event_stats[:subscriptions]).to be <= 100
      known.dup.each(&:close)

      eventually(0) { client.event_stats[:subscriptions] }
    ensure
      client&.close
    end
  end
end
