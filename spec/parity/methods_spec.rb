# frozen_string_literal: true

require_relative 'parity_helper'

RSpec.describe 'the delegated methods of tasker-engine', :parity do
  readiness = Tasker::Functions::FunctionBasedStepReadinessStatus
  context = Tasker::Functions::FunctionBasedTaskExecutionContext
  levels = Tasker::Functions::FunctionBasedDependencyLevels

  # The engine's functions promise no order of steps.
  def by_id(rows) = rows.sort_by(&:workflow_step_id)

  (1..25).each do |seed|
    context "with random tasks of seed #{seed}" do
      let(:random) { Random.new(seed) }
      let!(:tasks) { random_tasks(random) }
      let(:ids) { tasks.map(&:task_id) }

      it 'answers step readiness alike' do
        tasks.each do |task|
          expect_equal_answers { by_id(readiness.for_task(task.task_id)) }
          some = task.step_ids.sample(3, random:) + task.step_ids.first(1)
          expect_equal_answers { by_id(readiness.for_task(task.task_id, some)) }
        end
        expect_equal_answers { by_id(readiness.for_tasks(ids + ids.first(2) + [-5, 2**60])) }
      end

      it 'answers execution contexts alike' do
        ids.each { |id| expect_equal_answers { context.find(id) } }
        expect_equal_answers { context.for_tasks(ids.reverse + ids.first(1) + [-5]) }
      end

      it 'answers dependency levels alike' do
        ids.each { |id| expect_equal_answers { levels.for_task(id) } }
      end

      it 'answers what is built on them alike' do
        expect_equal_answers { ids.map { |id| readiness.ready_for_task(id).map(&:to_h).sort_by(&:to_s) } }
        expect_equal_answers { ids.map { |id| context.find(id).workflow_summary } }
        expect_equal_answers { ids.map { |id| levels.levels_hash_for_task(id) } }
        expect_equal_answers { ids.map { |id| Tasker::StepReadinessStatus.complete_for_task(id).size } }
      end
    end
  end

  context 'with the first version of the SQL functions' do
    before { EngineDatabase.install_first_version }

    (101..110).each do |seed|
      it "answers alike for random tasks of seed #{seed}" do
        random = Random.new(seed)
        ids = random_tasks(random).map(&:task_id)
        ids.each do |id|
          expect_equal_answers { by_id(readiness.for_task(id)) }
          expect_equal_answers { context.find(id) }
        end
        expect_equal_answers { by_id(readiness.for_tasks(ids)) }
        expect_equal_answers { context.for_tasks(ids) }
      end
    end
  end

  describe 'times' do
    let(:steps) do
      [{ state: 'error', attempts: 1, last_attempted_at: Rows.now(3.123456), backoff_request_seconds: 60 },
       { state: 'error', attempts: nil, state_ago: 0.5 }, { last_attempted_at: Time.utc(1900, 2, 28, 23, 59, 59.5r) },
       { last_attempted_at: Time.utc(2024, 3, 31, 2, 30) }]
    end
    let!(:task) { Rows.workflow(steps:) }

    after do
      ActiveRecord.default_timezone = :utc
      Tasker::ApplicationRecord.connection_pool.disconnect!
    end

    it 'are alike where they have no end' do
      Database.connection.execute(<<~SQL)
        UPDATE tasker_workflow_steps
        SET last_attempted_at = CASE WHEN workflow_step_id % 2 = 0 THEN 'infinity' ELSE '-infinity' END::timestamp
      SQL
      expect_equal_answers { by_id(readiness.for_task(task.task_id)) }
    end

    %w[Europe/Berlin America/New_York Asia/Kathmandu].each do |zone|
      it "are alike in a session that is set to #{zone}" do
        Database.connection.execute("SET LOCAL TIME ZONE '#{zone}'")
        expect_equal_answers { by_id(readiness.for_task(task.task_id)) }
      end
    end
  end

  describe 'odd arguments' do
    let!(:task) { Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]]) }

    [nil, -1, 0, 2**62, '12', 'abc', 1.5, [], 2**63].each do |odd|
      it "are answered alike: #{odd.inspect} as a task" do
        [-> { readiness.for_task(odd) }, -> { context.find(odd) }, -> { levels.for_task(odd) }].each do |call|
          expect_equal_answers(statements: 0) { savepoint(&call) }
        end
      end
    end

    [nil, [], [nil], ['7'], ['x'], [-1, 0], [2**63], 7].each do |odd|
      it "are answered alike: #{odd.inspect} as a list" do
        [-> { readiness.for_tasks(odd) }, -> { context.for_tasks(odd) },
         -> { readiness.for_task(task.task_id, odd).sort_by(&:workflow_step_id) }].each do |call|
          expect_equal_answers(statements: 0) { savepoint(&call) }
        end
      end
    end

    def savepoint(&) = Database.connection.transaction(requires_new: true, &)
  end

  it 'answers 20,000 ids alike, of which three exist' do
    ids = Array.new(3) { Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]]).task_id }
    many = (ids + (10_000_000..10_020_000).to_a)
    expect_equal_answers { by_id(readiness.for_tasks(many)) }
    expect_equal_answers { context.for_tasks(many) }
  end

  it 'gives objects that behave as the engine\'s own' do
    task = Rows.workflow(steps: [{ state: 'error', attempts: 1 }, {}], edges: [[1, 2]]).task_id
    behaviour = lambda do
      row = by_id(readiness.for_task(task)).first
      copy = row.dup
      copy.attempts = '7'
      row.name << '!'
      again = Marshal.load(Marshal.dump(row))
      [row.readonly?, row.attempts, copy.attempts, row.name, again.attributes, row.attribute_names, row.frozen?,
       row.freeze.attributes, row.respond_to?(:attempts=), row.instance_variables, row.as_json.keys]
    end
    expect_equal_answers(&behaviour)
  end
end
