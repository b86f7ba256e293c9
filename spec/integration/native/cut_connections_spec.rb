# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/audit_trail'
require_relative '../../support/cluster'
require_relative '../../support/postgres_proxy'

# Connections that break while a run uses them: what handlers have done is written, each step
# runs once, and none is lost between its claim and its handler.
RSpec.describe 'a run whose connection is cut', :orchestration, timeout: 120 do
  line = { 'one' => [], 'two' => ['one'], 'three' => ['two'] }
  fan = { 'one' => [], 'a' => ['one'], 'b' => ['one'], 'c' => ['one'], 'last' => %w[a b c] }

  let(:ran) { Queue.new }

  # A task whose steps note that they run.
  def task_of(graph, scripts = {})
    noting = graph.keys.to_h do |name|
      [name, lambda { |task, sequence, step|
        ran << name
        scripts[name]&.call(task, sequence, step)
        { 'did' => name }
      }]
    end
    Scripted.task(graph, noting)
  end

  def handle(task) = Timeout.timeout(60) { Scripted.handle(task) }

  def each_once(graph) = graph.keys.to_h { |name| [name, 1] }

  # What became of a task, as far as it is to be the same whatever is cut.
  def outcome(task)
    { ran: Array.new(ran.size) { ran.pop }.tally, attempts: steps(task).transform_values(&:attempts),
      states: [task_state(task), *step_states(task).values].uniq, audit: AuditTrail.violations,
      sessions: session_stats['sessions_open'], reports: reports.map(&:kind) }
  end

  def sound(graph)
    { ran: each_once(graph), attempts: each_once(graph), states: ['complete'], audit: [], sessions: 0, reports: [] }
  end

  describe 'by what is in between', database: :committed do
    finish = /\A-- Finishes a step/
    claim = /\A-- Claims a step/
    settle = /\A-- What became of/

    around do |example|
      PostgresProxy.run do |proxy|
        @proxy = proxy
        ActiveRecord::Base.establish_connection(Database.config(url: proxy.url))
        example.run
      ensure
        proxy.disarm
        ActiveRecord::Base.establish_connection(Database.config)
      end
    end

    # With listeners of the application claims and completions are in transactions.
    def handle_with(listens, task)
      return handle(task) unless listens

      listen(%w[step.completed step.execution_requested], ->(_) {}) { handle(task) }
    end

    # The statements of a run, the first of which a run cannot do without.
    def count_statements(graph, listens)
      task = task_of(graph)
      before = @proxy.count
      handle_with(listens, task)
      ran.clear
      @proxy.count - before
    end

    # Runs a task whose nth statement is cut. Where that ends the run, a job takes it up.
    def handle_cut(graph, action, nth, listens)
      task = task_of(graph)
      @proxy.cut(action, nth:)
      begin
        handle_with(listens, task)
      rescue ActiveRecord::ActiveRecordError
        nil
      end
      @proxy.disarm
      run_job(task) unless task_state(task) == 'complete'
      outcome(task)
    end

    [[line, :lose_request, false], [line, :lose_answer, false], [line, :lose_answer, true],
     [fan, :lose_answer, false]].each do |graph, action, listens|
      it "#{action} at any statement of #{graph.size} steps#{' with listeners' if listens}: does each step once" do
        wrong = (1..count_statements(graph, listens)).filter_map do |nth|
          found = handle_cut(graph, action, nth, listens)
          [nth, @proxy.cuts.last, found] unless found == sound(graph)
        end

        expect(wrong).to eq([])
        expect(@proxy.cuts.grep(finish)).not_to be_empty
      end
    end

    { 'a completion' => finish, 'a claim' => claim }.each do |what, pattern|
      it "loses the answer of #{what}, and cannot ask at once what became of it" do
        task = task_of(line)
        @proxy.cut(:lose_answer, pattern)
        3.times { @proxy.cut(:lose_request, settle) }
        handle(task)

        expect(@proxy.cuts.size).to eq(4)
        expect(outcome(task)).to eq(sound(line))
      end

      it "has #{what} come through after it was asked for and before it is repeated" do
        task = task_of(line)
        gate = @proxy.cut(:delay_request, pattern)
        arriving = lambda do |*, payload|
          next unless payload[:name] == 'TaskerCore settle_step' && gate

          rows = audit_rows
          gate = (gate << true).then { nil }
          sleep 0.01 until audit_rows > rows
        end
        ActiveSupport::Notifications.subscribed(arriving, 'sql.active_record') { handle(task) }

        expect(@proxy.cuts.size).to eq(1)
        expect(outcome(task)).to eq(sound(line))
      end
    end

    # Asked over a connection that goes around the proxy.
    def audit_rows
      PG.connect(Database.url) do |connection|
        connection.exec('SELECT count(*) FROM tasker_workflow_step_transitions').getvalue(0, 0).to_i
      end
    end

    it 'fails a step whose failure was lost, once' do
      task = task_of(line, { 'two' => ->(*) { raise 'boom' } })
      @proxy.cut(:lose_answer, finish, nth: 2)
      handle(task)

      expect(history(task, 'two')).to eq(%w[in_progress error])
      expect(step(task, 'two')).to have_attributes(attempts: 1, results: a_hash_including('error' => 'boom'))
      expect([task_state(task), jobs.size, reports]).to eq(['pending', 1, []])
    end
  end

  describe 'by the server' do
    around do |example|
      Cluster.run do |cluster|
        @cluster = cluster
        ActiveRecord::Base.establish_connection(Database.config(url: cluster.url, pool: 10))
        TaskerCore.on(Database.connection).install_schema
        Database.connection.schema_cache.clear!
        example.run
      ensure
        ActiveRecord::Base.establish_connection(Database.config)
      end
    end

    { 'a line' => [line, 'two'], 'a fan' => [fan, 'a'] }.each do |what, (graph, at)|
      it "which starts again: goes on with #{what}" do
        task = task_of(graph, { at => ->(*) { @cluster.restart } })
        handle(task)

        expect(outcome(task)).to eq(sound(graph))
      end

      it "which is away for two seconds: keeps what the handlers of #{what} have done" do
        starting = nil
        task = task_of(graph, { at => lambda { |*|
          @cluster.stop
          starting = Thread.new { sleep(2).then { @cluster.start } }
        } })
        handle(task)
        starting.join

        expect(outcome(task)).to eq(sound(graph))
      end
    end
  end
end
