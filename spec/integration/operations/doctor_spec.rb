# frozen_string_literal: true

require 'spec_helper'

RSpec.describe TaskerCore::Doctor do
  def findings(report, topic) = report.findings.select { |finding| finding.topic == topic }

  before { TaskerCore::Reporting.reset }

  it 'finds a healthy installation healthy', :database do
    report = TaskerCore.doctor
    expect(report.healthy?).to be(true)
    expect(report.findings.map(&:topic).uniq).to eq(%i[implementation versions switches database schema functions])
    expect(report.to_s).to include('implementation: native', "tasker_core #{TaskerCore::VERSION}", 'as expected')
    expect(report.to_h).to include(healthy: true)
    expect(report.to_h[:findings].first.keys).to eq(%i[topic level text advice])
  end

  it 'says what to do about each problem', :database do
    Database.connection.execute('DROP TABLE tasker_task_annotations')
    report = TaskerCore.doctor
    expect(report.healthy?).to be(false)
    problems = report.findings.select { |finding| finding.level == :problem }
    expect(problems.map(&:text)).to eq(['missing table: tasker_task_annotations'])
    expect(problems.map(&:advice)).to all(match(/migrations/))
  end

  it 'shows the switches, and what all of them off means', :database do
    expect(findings(TaskerCore.doctor, :switches).map(&:level)).to include(:note)
    TaskerCore.configure { |c| c.dependency_resolution = :shadow }
    expect(findings(TaskerCore.doctor, :switches).map(&:text)).to include('dependency_resolution is :shadow')
    expect(findings(TaskerCore.doctor, :switches).map(&:level).uniq).to eq([:ok])
  ensure
    TaskerCore.configure { |c| c.dependency_resolution = :off }
  end

  it 'counts what was reported in this process', :database do
    TaskerCore::Reporting.report(
      TaskerCore::Report.new(kind: :failover, capability: :orchestration, operation: 'x', message: 'said', details: {})
    )
    expect(findings(TaskerCore.doctor, :reports).map(&:text)).to eq(['orchestration: failover 1 times in this process'])
  ensure
    TaskerCore::Reporting.reset
  end

  it 'says whether the relay of events listens, and why not', :database do
    unreachable = Database.url.sub(%r{(//[^/]*)/[^?]*}, '\\1/not_there')
    relay = ->(url) { TaskerCore.configure { |c| [c.event_relay = !url.nil?, c.event_relay_url = url] } }
    relay.call(Database.url)
    expect(findings(TaskerCore.doctor, :relay).map(&:text)).to eq(['channel tasker_core_events: nobody subscribes ' \
                                                                   'in this process'])
    subscription = TaskerCore.subscribe('order.*') { nil }
    expect(findings(TaskerCore.doctor, :relay).map(&:text)).to eq(['channel tasker_core_events: listening'])
    relay.call(unreachable)
    expect(findings(TaskerCore.doctor, :relay))
      .to contain_exactly(have_attributes(level: :problem, text: /not_there/, advice: /without a pooler/))
  ensure
    subscription&.close
    relay.call(nil)
  end

  it 'reports a database that cannot be reached instead of raising' do
    stub_const('LostRecord', Class.new(ActiveRecord::Base) { self.abstract_class = true })
    LostRecord.establish_connection(adapter: 'postgresql', host: '/nowhere', database: 'lost')
    problem = findings(TaskerCore.doctor(connection: LostRecord.connection), :database).last
    expect(problem).to have_attributes(level: :problem, text: %r{/nowhere}, advice: /can be reached/)
  ensure
    LostRecord.remove_connection
  end

  it 'says why the native core is not there' do
    script = 'require "tasker_core"; puts TaskerCore.doctor'
    output = IO.popen([{ 'TASKER_CORE_IMPLEMENTATION' => 'ruby' }, RbConfig.ruby, '-Ilib', '-e', script], &:read)
    expect(output).to include('PROBLEM implementation: ruby: TASKER_CORE_IMPLEMENTATION=ruby is set',
                              'note    database: no connection')
  end
end
