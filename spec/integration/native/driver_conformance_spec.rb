# frozen_string_literal: true

require_relative '../../spec_helper'
require 'json'

# The Ruby half of the drivers' one suite: Active Record plays the host here, with
# the same statements, answers and failures that ext/tasker_core/go/store/conformance
# asks of a bare connection and of the pool; and whole operations must answer the
# same through both faces of the client.
RSpec.describe 'the conformance of the drivers' do
  fixture = JSON.parse(File.read(File.expand_path('../../fixtures/driver-conformance.json', __dir__)))

  # A host that, whatever the core asks for, runs one statement on its connection.
  one_statement_host = Class.new(TaskerCore::HostConnection) do
    def initialize(connection, sql)
      super(connection)
      @sql = sql
    end

    def answer(name, *) = super(name, @sql, [], false)
  end

  let(:one_statement_host) { one_statement_host }

  def error_of(connection, sql)
    TaskerCore::Core.current.call('current_task_state', { 'task_id' => 1 }, one_statement_host.new(connection, sql))
  rescue TaskerCore::Error => e
    e
  end

  describe 'values through Active Record' do
    let(:host) { TaskerCore::HostConnection.new(Database.connection) }

    fixture.fetch('values').each do |one|
      it "gives #{one.fetch('name')} to the byte" do
        [false, true].each do |write|
          name, rows, failure = host.answer('conformance', one.fetch('sql'), one.fetch('params'), write)

          expect(failure).to be_nil
          expect(rows).to eq(one.fetch('rows'))
          expect(name).to eq('conformance')
        end
      end
    end
  end

  describe 'failures through Active Record' do
    let(:holder) { PG.connect(Database.url).tap { |connection| connection.exec('SELECT pg_advisory_lock(4711)') } }

    after { holder.close }

    fixture.fetch('failures').each do |one|
      it "reports #{one.fetch('name')} by its codes" do
        holder
        Database.elsewhere(variables: { statement_timeout: '200ms', lock_timeout: '100ms' }) do |connection|
          error = error_of(connection, one.fetch('sql'))

          expect(error).to have_attributes(code: one.fetch('code'), retryable?: one.fetch('retryable'))
          expect(error.cause).to be_a(ActiveRecord::ActiveRecordError)
          expect([one.fetch('sqlstate'), one['libpq']].compact).to include(error.sqlstate)
        end
      end
    end
  end

  describe 'operations through both', database: :committed do
    let(:host) { TaskerCore.on(Database.connection) }
    let(:pool) { TaskerCore.open(database_url: Database.url) }
    let(:names) do
      ["it's \"quoted\"", 'a,b{c}d\\e', 'NULL', ' ', 'Grüße 🚀', "tab\tnew\nline"]
    end

    after { pool.close }

    def expect_same(&question)
      ours, theirs = [pool, host].map(&question)
      expect(Array(ours).map(&:inspect)).to eq(Array(theirs).map(&:inspect))
      expect(ours).to eq(theirs)
      ours
    end

    def expect_all_same(id)
      expect_same { |client| client.step_readiness(id) }
      expect_same { |client| client.step_readiness_batch([id]) }
      expect_same { |client| client.viable_steps(id) }
      expect_same { |client| client.task_execution_context(id) }
      expect_same { |client| client.task_execution_contexts([id]) }
      expect_same { |client| client.dependency_levels(id) }
      expect_same { |client| client.step_dag(id) }
      expect_same { |client| client.current_task_state(id) }
    end

    it 'gives the same rows for odd names, times and numbers' do
      task = Rows.workflow(steps: names.map { { state: 'error', state_ago: 3600.000001, attempts: 3 } },
                           edges: [[1, 2], [1, 3], [2, 4]], state: 'in_progress')
      Tasker::NamedStep.where(named_step_id: Tasker::WorkflowStep.where(task_id: task.task_id).select(:named_step_id))
                       .order(:named_step_id).zip(names) { |step, name| step.update_columns(name:) }
      step = Tasker::WorkflowStep.where(workflow_step_id: task[1])
      step.update_all("last_attempted_at = 'infinity', backoff_request_seconds = 2147483647, retry_limit = 2147483647")
      Tasker::WorkflowStep.where(workflow_step_id: task[2])
                          .update_all("last_attempted_at = '-infinity', attempts = NULL")
      Tasker::WorkflowStep.where(workflow_step_id: task[3])
                          .update_all("last_attempted_at = '2001-02-03 04:05:06.789012'")

      expect_all_same(task.task_id)
      rows = pool.step_readiness(task.task_id)
      expect(rows.map(&:name)).to match_array(names)
      expect(rows.map(&:last_attempted_at).first(3))
        .to eq([Float::INFINITY, -Float::INFINITY, Time.utc(2001, 2, 3, 4, 5, 6, 789_012)])
    end

    it 'gives the same for ids at the limits of bigint' do
      [(2**63) - 1, -(2**63), 0].each { |id| expect_all_same(id) }
    end

    it 'reports the same circle' do
      task = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3], [3, 1]])
      errors = [pool, host].map do |client|
        client.dependency_levels(task.task_id)
      rescue TaskerCore::CycleError => e
        [e.message, e.path]
      end

      expect(errors.first).to eq(errors.last)
      expect(errors.first.last.size).to eq(4)
    end

    it 'reports a missing schema alike' do
      Database.empty do |connection|
        url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
        TaskerCore.open(database_url: url) do |own|
          errors = [own, TaskerCore.on(connection)].map do |client|
            client.dependency_levels(1)
          rescue TaskerCore::Error => e
            [e.class, e.code, e.sqlstate, e.retryable?]
          end

          expect(errors).to all(eq([TaskerCore::SchemaMissing, 'schema_missing', '42P01', false]))
        end
      end
    end

    it 'makes tasks alike, whatever is in their texts' do
      steps = names.each_with_index.map do |name, place|
        { name: name == ' ' ? 'blank' : name, dependent_system: "s'{\\\",", inputs: { name => [nil, name] },
          depends_on: place.zero? ? [] : [names.first] }
      end
      tasks = [pool, host].map do |client|
        client.create_task('odd', steps:, context: { names[1] => names }, reason: names.last, tags: names,
                                  bypass_steps: names, initiator: 'NULL').task_id
      end
      made = tasks.map do |task_id|
        rows = Tasker::WorkflowStep.where(task_id:).order(:workflow_step_id)
        [Tasker::Task.find(task_id).slice(:reason, :tags, :bypass_steps, :initiator, :context),
         rows.map { |step| [step.name, step.inputs, step.parents.map(&:name)] }]
      end

      expect(made.first).to eq(made.last)
      expect(made.first.first).to include('reason' => names.last, 'tags' => names, 'bypass_steps' => names)
      expect(made.first.last.map { |_, inputs, _| inputs }).to eq(names.map { |name| { name => [nil, name] } })
    end

    it 'moves steps alike, and neither moves what may not move' do
      tasks = Array.new(2) { Rows.workflow(steps: 2, edges: [[1, 2]], state: 'in_progress') }
      answers = [pool, host].zip(tasks).map do |client, task|
        [client.transition_step(task[1], to: :in_progress, metadata: { 'über' => [1.5, nil] }),
         client.transition_step(task[1], to: :cancelled),
         client.transition_step(task[2], to: :in_progress)].map(&:code)
      end

      expect(answers.first).to eq(answers.last)
      rows = tasks.map { |task| Tasker::WorkflowStepTransition.where(workflow_step_id: task.step_ids).order(:id) }
      expect(rows.first.map { |row| row.slice(:to_state, :sort_key, :most_recent, :metadata) })
        .to eq(rows.last.map { |row| row.slice(:to_state, :sort_key, :most_recent, :metadata) })
    end
  end

  # The recorded answers hold at one moment. The rows are committed for a moment to
  # come, and the core is asked when it has come: whatever the clock decides within
  # the shortest recorded wait is decided the same.
  describe 'answers recorded from tasker-engine 0.1.0, on committed rows', database: :committed do
    recorded = JSON.parse(File.read(File.expand_path('../../fixtures/parity/readiness-vectors.json', __dir__)))
    load_sql = File.read(File.expand_path('../../../ext/tasker_core/go/schema/testdata/load_readiness.sql', __dir__))
    shortest_wait = recorded['cases'].flat_map { |one| one.dig('expect', 'readiness') }
                                     .filter_map { |row| row['next_retry_in'] }.select(&:positive?).min

    let(:server) { PG.connect(Database.url) }
    let(:pool) { TaskerCore.open(database_url: Database.url) }

    after { [pool, server].each(&:close) }

    def clock = server.exec('SELECT extract(epoch FROM clock_timestamp())::text').getvalue(0, 0).to_r

    # Loads the cases relative to a moment that is some seconds ahead, and waits for it.
    def load_ahead(sql, cases, seconds)
      server.exec("SET timezone = 'UTC'")
      moment = (clock + seconds).round(6)
      stamp = Time.at(moment, in: 'UTC').strftime('%F %T.%6N')
      server.exec_params(sql.gsub('now()', "timestamp '#{stamp}'"), [cases.to_json])
      pool.readiness_version
      sleep([moment - clock, 0].max)
      moment
    end

    # What the block reads, and the moment, once a busy machine reads it before the first wait is over.
    def read_in_time(sql, cases, shortest_wait)
      (2..12).step(2) do |seconds|
        moment = load_ahead(sql, cases, seconds)
        read = yield
        return moment, *read if (clock - moment).between?(0, shortest_wait)

        Database.clean
      end
      raise "No try read the cases within #{shortest_wait} s."
    end

    def seconds(from, till) = from && till && (till.to_r - from.to_r).to_f

    def readiness(rows, moment)
      rows.map do |row|
        { 'key' => row.workflow_step_id % 1000, 'last_failure_ago' => seconds(row.last_failure_at, moment),
          'next_retry_in' => seconds(moment, row.next_retry_at),
          **row.to_h.slice(:current_state, :dependencies_satisfied, :retry_eligible, :ready_for_execution,
                           :total_parents, :completed_parents, :attempts, :retry_limit).transform_keys(&:name) }
      end
    end

    def context(row)
      row.to_h.except(:task_id, :named_task_id).transform_keys(&:name)
         .merge('completion_percentage' => row.completion_percentage.to_f)
    end

    it 'are those of the pool' do
      cases = recorded.fetch('cases')
      ids = cases.map { |one| one.fetch('id') }
      moment, contexts, rows = read_in_time(load_sql, cases, shortest_wait) do
        [pool.task_execution_contexts(ids), pool.step_readiness_batch(ids).group_by(&:task_id)]
      end

      aggregate_failures do
        cases.zip(contexts) do |one, row|
          expected = one.fetch('expect')
          expect(readiness(rows.fetch(one['id'], []), moment)).to eq(expected.fetch('readiness')), "case #{one['id']}"
          expect(context(row)).to eq(expected.fetch('context')), "case #{one['id']}"
          levels = pool.dependency_levels(one['id']).map { |at| [at.workflow_step_id % 1000, at.dependency_level] }
          expect(levels).to match_array(expected.fetch('levels')), "case #{one['id']}"
        end
      end
    end
  end
end
