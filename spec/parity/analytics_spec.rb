# frozen_string_literal: true

require_relative 'parity_helper'

RSpec.describe 'the analytics of tasker-engine' do
  functions = Tasker::Functions
  health = functions::FunctionBasedSystemHealthCounts
  metrics = functions::FunctionBasedAnalyticsMetrics
  slowest_steps = functions::FunctionBasedSlowestSteps
  slowest_tasks = functions::FunctionBasedSlowestTasks

  before { TaskerCore::Engine::KnownFunctions.reset }

  def by(switch)
    TaskerCore.configure { |c| c.dependency_resolution = switch }
    yield
  end

  def expect_alike(&)
    expected = by(:off, &)
    expect(core_statements { expect(by(:active, &)).to eq(expected) }).to be >= 1
    expect(TaskerCore::Reporting.counts).to be_empty
  end

  # The engine's text of a function, with the casts without which it raises.
  def mend(name)
    text = Tasker::Engine.root.join("db/functions/#{name}.sql").read
    Database.connection.execute(text.gsub(/^( +[st]d\.(?:created_at|completion_time|latest_completion)),$/,
                                          '\1::timestamptz,'))
  end

  # Rows of a function in plain values.
  def rows(name, *arguments)
    marks = arguments.each_index.map { |place| "$#{place + 1}" }.join(', ')
    Database.connection.select_all("SELECT * FROM #{name}(#{marks})", 'function', arguments).to_a
  end

  def plain(row)
    row.to_h.to_h { |key, value| [key.to_s, value.is_a?(Time) ? value.to_r : value] }
  end

  (1..12).each do |seed|
    context "with random tasks of seed #{seed}" do
      let(:random) { Random.new(seed) }

      before do
        6.times { random_tasks(random) }
        Tasker::Task.find_each { |task| task.update_columns(created_at: Rows.now(random.rand(0..7200))) }
        Tasker::WorkflowStep.find_each { |step| step.update_columns(created_at: Rows.now(random.rand(0..7200))) }
      end

      it 'counts and measures alike' do
        expect_alike { health.call }
        expect_alike { metrics.call }
        expect_alike { metrics.call(Rows.now(5000)) }
      end

      it 'finds the slowest that its functions are meant to find' do
        %w[get_slowest_steps_v01 get_slowest_tasks_v01].each { |name| mend(name) }
        client = TaskerCore.on(Database.connection)
        expected = [rows('get_slowest_steps_v01', nil, nil), rows('get_slowest_tasks_v01', Rows.now(5000), nil)]
        actual = [client.slowest_steps(limit: nil), client.slowest_tasks(since: Rows.now(5000), limit: nil)]
        expect(actual.map { |list| list.map { |row| plain(row) } })
          .to match_array(expected.map { |list| match_array(list.map { |row| plain(row) }) })
      end
    end
  end

  it 'gives the engine\'s structs where the engine itself raises' do
    flow = Rows.workflow(steps: [{ state: 'complete', state_ago: -90 }])
    step, task = by(:active) { [slowest_steps.call.first, slowest_tasks.call(limit_count: 3).first] }
    expect(step).to be_a(slowest_steps::SlowestStep)
    expect(step).to have_attributes(workflow_step_id: flow[1], duration_seconds: 90.0, created_at: Rows.now.to_datetime)
    expect(task).to be_a(slowest_tasks::SlowestTask).and have_attributes(task_id: flow.task_id, step_count: 1)
    expect { Database.rolled_back { by(:off) { slowest_steps.call } } }.to raise_error(ActiveRecord::StatementInvalid)
  end

  it 'leaves arguments that only PostgreSQL can judge to the engine' do
    expect(core_statements { by(:active) { metrics.call('2020-01-01') } }).to eq(0)
    expect { by(:active) { slowest_tasks.call(limit: 3) } }.to raise_error(ArgumentError, /limit/)
  end

  it 'leaves a function of unknown text to the engine, and says so once' do
    Database.connection.execute(Tasker::Engine.root.join('db/functions/get_system_health_counts_v01.sql').read
                                              .sub('COUNT(*) as total_tasks', '77::bigint as total_tasks'))
    expect(by(:active) { [health.call, health.call] }.map(&:total_tasks)).to eq([77, 77])
    expect(TaskerCore::Reporting.counts).to eq(%i[dependency_resolution unknown_function] => 1)
  end

  it 'compares in shadow mode what does not change by itself' do
    Rows.workflow(steps: [{ state: 'complete' }])
    expect(core_statements { by(:shadow) { [health.call, metrics.call] } }).to be >= 2
    expect(TaskerCore::Reporting.counts).to be_empty
  end
end
