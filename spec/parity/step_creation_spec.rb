# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/step_templates'

# The steps that the core makes in bulk and those that the engine makes one by one:
# the same rows, the same answers, the same errors.
RSpec.describe 'the creation of steps', :parity do
  after { TaskerCore.configure { |c| c.orchestration = :off } }

  def switched(value)
    TaskerCore.configure { |c| c.orchestration = value }
    yield
  end

  # What both ways give, each on the same rows: the first is taken back.
  def both(&block)
    first = nil
    Tasker::Task.transaction(requires_new: true) do
      first = switched(:off) { outcome(&block) }
      raise ActiveRecord::Rollback
    end
    [first, switched(:active) { outcome(&block) }]
  end

  # An error takes back what was written before it, as a caller's transaction does.
  def outcome(&)
    Tasker::Task.transaction(requires_new: true, &)
  rescue StandardError => e
    [e.class, e.message.gsub(/\d+/, 'n')]
  end

  def expect_same(&)
    by_engine, by_core = both(&)
    expect(by_core).to eq(by_engine)
    by_core
  end

  # Names come from a small pool: some are there already, of this system or another.
  def random_templates(random)
    names = Array.new(12) { |n| "step_#{n}" }.sample(random.rand(1..12), random:)
    templates = names.each_with_index.map { |name, place| random_template(random, name, names.first(place)) }
    random.rand < 0.5 ? templates : templates.shuffle(random:)
  end

  def random_template(random, name, earlier)
    parents = earlier.select { random.rand < 0.35 }
    { name:, dependent_system: %w[billing stock mail].sample(random:), description: "does #{name}",
      default_retryable: random.rand < 0.8, default_retry_limit: random.rand(0..5), skippable: random.rand < 0.2,
      depends_on_steps: parents.shuffle(random:), depends_on_step: (earlier.sample(random:) if random.rand < 0.3) }
  end

  def inserts(&)
    seen = []
    listener = ->(*, payload) { seen << payload[:name] }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
    seen.compact.count { |name| name.match?(/WorkflowStep (Bulk )?(Insert|Create)\z/) }
  end

  # What a sequence tells its caller.
  def told(steps)
    steps.map do |step|
      [step.class, step.name, step.persisted?, step.changed?, step.status, step.parents.map(&:name).sort,
       StepTemplates.plain(step), step.attributes.transform_values(&:class)]
    end
  end

  (1..12).each do |seed|
    it "writes the engine's rows for random templates of seed #{seed}" do
      random = Random.new(seed)
      2.times do
        name = StepTemplates.define(random_templates(random))
        context = { 'seed' => seed, 'deep' => [{ 'x' => random.rand }, nil, 'ü'] }
        expect_same { StepTemplates.rows(StepTemplates.create(name, context)) }
        expect(inserts { switched(:active) { StepTemplates.create(name) } }).to eq(1)
      end
    end

    it "completes a task like the engine, of seed #{seed}" do
      random = Random.new(1000 + seed)
      task = switched(:off) { StepTemplates.create(StepTemplates.define(random_templates(random))) }
      ids = task.workflow_steps.ids
      lost = ids.sample(random.rand(0..ids.size), random:)
      edges = Tasker::WorkflowStepEdge.where(from_step_id: lost).or(Tasker::WorkflowStepEdge.where(to_step_id: lost))
      edges.or(Tasker::WorkflowStepEdge.where(to_step_id: ids.sample(random:))).delete_all
      Tasker::WorkflowStep.where(workflow_step_id: lost).delete_all

      expect_same do
        steps = StepTemplates.sequence(Tasker::Task.find(task.task_id))
        [told(steps), StepTemplates.rows(task)]
      end
    end
  end

  it 'gives a new sequence as the engine does' do
    name = StepTemplates.define([{ name: 'a' }, { name: 'b', depends_on_step: 'a' }])
    request = Tasker::Types::TaskRequest.new(name:, context: { sym: 1 }, initiator: 'spec', source_system: 'spec',
                                             reason: 'spec')
    expect_same { told(StepTemplates.sequence(Tasker::Task.create_with_defaults!(request))) }
  end

  {
    'a dependency that is unknown' => [{ name: 'a', depends_on_step: 'nowhere' }],
    'two templates of one name' => [{ name: 'a' }, { name: 'a' }],
    'two templates of one name for two systems' => [{ name: 'a' }, { name: 'a', dependent_system: 'other' }],
    'steps that depend on each other in a circle' => [{ name: 'a', depends_on_step: 'c' },
                                                      { name: 'b', depends_on_step: 'a' },
                                                      { name: 'c', depends_on_step: 'b' }],
    'a step that depends on itself' => [{ name: 'a', depends_on_step: 'a' }],
    'an empty name' => [{ name: '' }],
    'a name that is too long' => [{ name: 'n' * 200 }],
    'a limit that no integer column takes' => [{ name: 'a', default_retry_limit: 2**40 }],
    'no templates' => []
  }.each do |what, templates|
    it "answers #{what} like the engine" do
      name = StepTemplates.define(templates)
      expect_same { StepTemplates.rows(StepTemplates.create(name)) }
    end
  end

  it 'refuses, like the engine, a step whose name the task has for another system' do
    name = StepTemplates.define([{ name: 'a', dependent_system: 'before' }, { name: 'b' }])
    task = switched(:off) { StepTemplates.create(name) }
    moved = StepTemplates.define([{ name: 'a', dependent_system: 'after' }, { name: 'b' }])
    templates = Tasker::HandlerFactory.instance.get(moved).step_templates

    error, = expect_same { Tasker::WorkflowStep.get_steps_for_task(task, templates) }
    expect(error).to eq(ActiveRecord::RecordInvalid)
  end

  it 'counts the steps in events like the engine' do
    steps = RandomTasks::STATES.each_with_index.map { |state, n| { state:, processed_at: Rows.now(n) } }
    task = Tasker::Task.find(Rows.workflow(steps:).task_id)
    empty = Tasker::Task.find(Rows.workflow(steps: 0).task_id)
    stats = expect_same { [task, empty].map { |one| Tasker::WorkflowStep.task_completion_stats(one) } }
    expect(stats.first[:latest_completion_time]).to be_a(ActiveSupport::TimeWithZone)
  end
end
