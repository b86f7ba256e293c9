# frozen_string_literal: true

require 'English'
require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/rails_program'
require_relative '../../support/screen'

# A task that this process runs, watched by another one: on a real terminal (a pseudo
# terminal of the system), and without one.
RSpec.describe TaskerCore::Watch, :orchestration, database: :committed, timeout: 90 do
  let(:graph) { { 'fetch' => [], 'clean' => ['fetch'], 'check' => ['fetch'], 'store' => %w[clean check] } }
  let(:size) { [24, 80] }
  let(:screen) { Screen.new(*size) }
  # The gates that steps wait at, by name.
  let(:gates) { Hash.new { |hash, name| hash[name] = Queue.new } }

  def gated = graph.to_h { |name, _| [name, ->(*) { gates[name].pop && { 'ok' => true } }] }

  def open_gate(*names) = names.each { |name| gates[name] << true }

  def in_background(task)
    Thread.new do
      Scripted.handle(task)
    ensure
      ActiveRecord::Base.connection_handler.clear_active_connections!
    end
  end

  # Reads what the program writes until the screen shows what is asked for.
  def see(terminal, what, seconds: 20)
    deadline = Time.now + seconds
    until screen.to_s.match?(what)
      unless terminal.wait_readable(deadline - Time.now)
        raise "the screen does not show #{what.inspect} but:\n#{screen}"
      end

      screen << terminal.readpartial(4096)
    end
    screen.to_s
  end

  def read_all(terminal)
    loop { screen << terminal.readpartial(4096) }
  rescue Errno::EIO, EOFError
    screen.to_s
  end

  describe 'on a terminal' do
    it 'shows the workflow as a graph, and its steps as another process runs them' do
      task = Scripted.task(graph, gated)
      RailsProgram.run do |rails|
        running = nil
        code = rails.on_terminal('tasker_core:watch', task.task_id, size:, NO_COLOR: '1') do |terminal, _|
          head, *graph_lines, foot = see(terminal, /Ctrl-C/).lines(chomp: true)
          expect(head).to match(/\Atask #{task.task_id} default\S*#{task.name} \S+: pending, 0 of 4 steps done\z/)
          expect(graph_lines.map { |line| line.sub(/ +pending\z/, '') })
            .to eq(['○   fetch', '├─○ clean', '○ │ check', '○─╯ store'])
          expect(foot).to match(/Ctrl-C quits/)
          running = in_background(task)
          see(terminal, %r{^◐ +fetch +in progress +attempt 1/3 +\d})
          open_gate('fetch')
          see(terminal, %r{^● +fetch +complete +attempt 1/3 +\d.*\n├─◐ clean +in progress.*\n◐ │ check +in progress})
          open_gate('clean', 'check')
          see(terminal, /^◐─╯ store +in progress/)
          open_gate('store')
          read_all(terminal)
        end
        running.join

        expect(code).to eq(0)
        expect(screen.lines.first).to match(/complete, 4 of 4 steps done\z/)
        expect(screen.lines[1..4]).to all(match(%r{●.*complete +attempt 1/3 +[\d.]+ m?s\z}))
        expect(screen.lines.size).to eq(6)
      end
    end

    it 'lets the time of a running step go on, and paints states' do
      task = Scripted.task({ 'only' => [] }, { 'only' => ->(*) { gates['only'].pop && {} } })
      running = in_background(task)
      RailsProgram.run do |rails|
        raw = +''
        code = rails.on_terminal('tasker_core:watch', task.task_id, size:) do |terminal, _|
          first = see(terminal, /in progress +attempt 1/)[%r{attempt 1/3 +(\d+)}, 1].to_i
          see(terminal, /in progress +attempt 1\S+ +#{first + 1}\.\d\d s/)
          see(terminal, /in progress +attempt 1\S+ +#{first + 2}\.\d\d s/)
          open_gate('only')
          loop { raw << terminal.readpartial(4096) }
        rescue Errno::EIO
          nil
        end
        expect(code).to eq(0)
        expect(raw.force_encoding('UTF-8')).to include("\e[32m●\e[0m")
      end
    ensure
      running&.join
    end

    it 'draws many that are alike as one line, and leaves out what a small terminal has no room for' do
      wide = { 'first' => [], **(1..9).to_h { |n| ["part_#{n}", ['first']] }, 'last' => (1..9).map { |n| "part_#{n}" } }
      long = (1..30).to_h { |n| ["line_#{n}", n == 1 ? ['last'] : ["line_#{n - 1}"]] }
      task = Scripted.task({ **wide, **long })
      RailsProgram.run do |rails|
        code = rails.on_terminal('tasker_core:watch', task.task_id, size: [12, 60]) do |terminal, pid|
          small = Screen.new(12, 60)
          small << terminal.readpartial(4096) until small.to_s.include?('Ctrl-C')
          expect(small.lines[1..3]).to match([/\A○ +first/, /\A○ +9 × part_1 … part_9 +○{9}\z/, /\A○ +last/])
          expect(small.lines[-2]).to match(/\A⋮ \d\d more below\z/)
          expect([small.lines.size, small.gone]).to eq([11, 0])
          Process.kill(:KILL, pid)
        end
        expect(code).to be_nil
      end
    end

    it 'ends cleanly on Ctrl-C, while the task goes on' do
      task = Scripted.task(graph, gated)
      running = in_background(task)
      RailsProgram.run do |rails|
        code = rails.on_terminal('tasker_core:watch', task.task_id, size:) do |terminal, _|
          see(terminal, /◐ +fetch/)
          terminal.write("\x03")
          read_all(terminal)
        end
        expect(code).to eq(130)
        expect(screen.to_s).not_to match(/Interrupt|\.rb:\d+/)
        expect(task_state(task)).to eq('in_progress')
      end
    ensure
      open_gate(*graph.keys)
      running&.join
    end

    it 'says that the database gives no answer, and goes on when it does' do
      task = Scripted.task({ 'only' => [] })
      RailsProgram.run do |rails|
        code = rails.on_terminal('tasker_core:watch', task.task_id, size: [24, 200]) do |terminal, _|
          wide = Screen.new(24, 200)
          wide << terminal.readpartial(4096) until wide.to_s.include?('Ctrl-C')
          Database.connection.execute(<<~SQL)
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE '%audit.began%'
          SQL
          Scripted.handle(task)
          loop { wide << terminal.readpartial(4096) }
        rescue Errno::EIO
          expect(wide.lines.first).to match(/complete, 1 of 1 steps done/)
        end
        expect(code).to eq(0)
      end
    end
  end

  describe 'without a terminal' do
    it 'writes a line for each change, and exits by the state' do
      task = Scripted.task({ 'one' => [], 'two' => ['one'] }, { 'two' => ->(*) { gates['two'].pop && {} } })
      RailsProgram.run do |rails|
        out = IO.popen({ 'DATABASE_URL' => Database.url, 'RAILS_ENV' => 'test' },
                       rails.command('tasker_core:watch', task.task_id))
        seen = out.gets
        running = in_background(task)
        seen << out.gets until seen.include?('two: in progress')
        open_gate('two')
        seen << out.read
        out.close
        running.join

        expect($CHILD_STATUS.exitstatus).to eq(0)
        expect(seen.lines.first).to match(/\Atask #{task.task_id} default\S+ \S+: pending, 0 of 2 steps done$/)
        expect(seen).to match(%r{^ +[\d.]+ s  one: complete, attempt 1/3, \d})
          .and match(/^ +[\d.]+ s  task #{task.task_id}: complete$/)
        expect(seen.lines.last).to match(/● +two +complete/)
        expect(seen).not_to include("\e")
      end
    end

    it 'exits with 1 for a task in error, 2 for a cancelled one, 3 where there is none' do
      failed = Rows.workflow(steps: [{ state: 'error', attempts: 3 }], state: 'error')
      cancelled = Rows.workflow(steps: 1, state: 'cancelled')
      RailsProgram.run do |rails|
        expect(rails.call('tasker_core:watch', failed.task_id)).to match([%r{✗ step_1 +error +attempt 3/3}, '', 1])
        expect(rails.call('tasker_core:watch', cancelled.task_id)).to match([/cancelled/, '', 2])
        expect(rails.call('tasker_core:watch', 4_711)).to eq(['', "There is no task 4711.\n", 3])
        expect(rails.call('tasker_core:watch')).to match(['', /Which task\?/, 64])
      end
    end

    it 'asks one statement a second, and no more' do
      task = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]], state: 'in_progress')
      out = StringIO.new
      ran = []
      listener = ->(*, payload) { ran << payload[:name] }
      watching = Thread.new do
        ActiveSupport::Notifications.subscribed(listener, 'sql.active_record') { TaskerCore.watch(task.task_id, out:) }
      ensure
        ActiveRecord::Base.connection_handler.clear_active_connections!
      end
      sleep 2.5
      close(task)

      expect(watching.value).to eq('cancelled')
      expect(ran.grep(/\ATaskerCore/).tally).to match('TaskerCore task_progress' => be_between(3, 4))
      expect(out.string).to match(/task #{task.task_id}: cancelled/)
    end

    def close(task)
      TaskerCore.open(database_url: Database.url) { |client| client.transition_task!(task.task_id, to: 'cancelled') }
    end
  end

  it 'looks when events of other processes tell to, and not each second' do
    task = Rows.workflow(steps: 2, edges: [[1, 2]], state: 'in_progress')
    settings = { event_relay: true, event_relay_channel: "watch #{SecureRandom.hex(4)}" }
    out = StringIO.new
    TaskerCore.open(database_url: Database.url, **settings) do |watcher|
      watching = Thread.new { watcher.watch(task.task_id, out:) }
      sleep 3
      before = looks(watcher)
      TaskerCore.open(database_url: Database.url, **settings) do |other|
        other.transition_step!(task[1], to: 'in_progress')
        Timeout.timeout(2) { sleep 0.02 until out.string.include?('step_1: in progress') }
        other.transition_task!(task.task_id, to: 'cancelled')
        expect(Timeout.timeout(2) { watching.value }).to eq('cancelled')
      end
      expect(before).to be <= 2
    end
  end

  def looks(client)
    client.stats.to_prometheus[/operation[^\n]*task_progress[^\n]* (\d+)$/, 1].to_i
  end

  it 'gives nil for an unknown task, and names what does not fit' do
    client = TaskerCore.on(Database.connection)
    expect(client.watch(4_711, out: StringIO.new)).to be_nil
    expect(client.task_progress(4_711)).to be_nil
    expect { client.watch(1, seconds: 0) }
      .to raise_error(TaskerCore::InvalidArgument, 'seconds is 0; it must be a number from 0.05 to 3600')
  end

  it 'gives the progress of a task as rows' do
    task = Rows.workflow(steps: [{ state: 'complete', attempts: 1 }, { state: 'in_progress', state_ago: 5 }, {}],
                         edges: [[1, 2], [1, 3], [2, 3]], state: 'in_progress')
    progress = TaskerCore.on(Database.connection).task_progress(task.task_id)

    expect(progress).to have_attributes(task_id: task.task_id, name: 'spec_task', state: 'in_progress', done: 1,
                                        ended?: false, now: be_within(60).of(Time.now))
    expect(progress.steps.map { |step| step.to_h.values_at(:workflow_step_id, :state, :level, :parent_step_ids) })
      .to eq([[task[1], 'complete', 0, []], [task[2], 'in_progress', 1, [task[1]]],
              [task[3], 'pending', 2, [task[1], task[2]]]])
    expect(progress.steps.map(&:duration_micros)).to match([nil, be_between(5_000_000, 60_000_000), nil])
    expect(progress.steps[1].began_at).to be_within(60).of(Time.now - 5)
  end
end
