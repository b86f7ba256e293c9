# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/audit_trail'
require_relative '../support/step_templates'

# The task that the core makes and the one that the engine makes of the same request and the
# same templates: column by column, on both kinds of connections, with both strategies of
# identity.
RSpec.describe 'the creation of a task', :parity do
  # What a row is called, and what it refers to, differs from run to run.
  tables = { Tasker::TaskNamespace => %w[task_namespace_id], Tasker::NamedTask => %w[named_task_id task_namespace_id],
             Tasker::DependentSystem => %w[dependent_system_id],
             Tasker::NamedStep => %w[named_step_id dependent_system_id],
             Tasker::NamedTasksNamedStep => %w[id named_task_id named_step_id],
             Tasker::Task => %w[task_id named_task_id], Tasker::TaskTransition => %w[id task_id],
             Tasker::WorkflowStep => %w[workflow_step_id task_id named_step_id],
             Tasker::WorkflowStepTransition => %w[id workflow_step_id],
             Tasker::WorkflowStepEdge => %w[id from_step_id to_step_id] }
  times = %w[created_at updated_at requested_at]

  around do |example|
    ActiveJob::Base.queue_adapter = :test
    example.run
  ensure
    Tasker.configuration { |config| config.engine { |engine| engine.identity_strategy = :default } }
  end

  # Every row of every table, without the numbers of rows and the times, which are all alike
  # within a row. What rows refer to is told by names.
  define_method(:rows) do
    tables.to_h do |model, ids|
      found = model.all.map do |row|
        [row.attributes.except(*ids, *times), names(row), row.attributes.slice(*times).values.uniq.size]
      end
      [model.table_name, found.sort_by(&:inspect)]
    end
  end

  def names(row)
    case row
    when Tasker::NamedTask, Tasker::NamedStep, Tasker::NamedTasksNamedStep
      row.class.reflect_on_all_associations(:belongs_to).map { |one| row.public_send(one.name).name }
    when Tasker::Task, Tasker::WorkflowStep then row.name
    when Tasker::WorkflowStepEdge then [row.from_step.name, row.to_step.name]
    end
  end

  # Both on the same rows; the first is taken back.
  def both
    first = nil
    Tasker::Task.transaction(requires_new: true) do
      first = yield(:engine) && rows
      raise ActiveRecord::Rollback
    end
    yield(:core)
    [first, rows]
  end

  def request(name, **changes)
    Tasker::Types::TaskRequest.new(name:, context: { 'day' => '2026-11-26' }, **changes)
  end

  def ask(request, templates, **options)
    steps = templates.map do |one|
      { name: one.name, dependent_system: one.dependent_system, depends_on: one.all_dependencies,
        retryable: one.default_retryable, retry_limit: one.default_retry_limit, skippable: one.skippable }
    end
    given = request.to_h.slice(*%i[namespace version context initiator source_system reason tags bypass_steps])
    TaskerCore.on(Tasker::ApplicationRecord.connection).create_task(request.name, steps:, **given, **options)
  end

  def random_templates(random)
    names = Array.new(10) { |n| "step_#{n}" }.sample(random.rand(1..10), random:)
    names.each_with_index.map do |name, place|
      { name:, dependent_system: %w[billing stock mail].sample(random:), default_retryable: random.rand < 0.8,
        default_retry_limit: random.rand(0..5), skippable: random.rand < 0.2,
        depends_on_steps: names.first(place).select { random.rand < 0.3 } }
    end.shuffle(random:)
  end

  def random_request(name, random)
    text = -> { ['unknown', 'a "b" <c>&', "Gr\u00fc\u00dfe \u{1F680}", 'x' * 128].sample(random:) }
    context = { 'text' => text.call, 'z' => { 'y' => [true, {}, []] }, 'a' => "\u2028\n\u0001",
                'n' => [1, 1.5, 1e20, -0.00001, 2**70, nil].sample(random:),
                'numbers' => [1.0, 1e15, 1e16, 1e-4, 1e-5, 0.1 + 0.2, -0.0, 1.5e300, 123_456_789.123456789, -1, 2**70] }
    request(name, context:, initiator: text.call, source_system: text.call, reason: text.call,
                  tags: ['a&b', 'c'].first(random.rand(0..2)),
                  bypass_steps: ['<step_1>', 'step_2'].first(random.rand(0..2)))
  end

  def identity(value) = Tasker.configuration { |config| config.engine { |engine| engine.identity_strategy = value } }

  (1..10).each do |seed|
    it "writes the engine's rows for a random request of seed #{seed}" do
      random = Random.new(seed)
      identity(:hash)
      allow(Time).to receive(:now).and_return(Time.utc(2026, 11, 26, 19, 12, seed, 123_456))
      2.times do
        name = StepTemplates.define(random_templates(random))
        asked = random_request(name, random)
        handler = Tasker::HandlerFactory.instance.get(name)
        by_engine, by_core = both do |side|
          side == :engine ? handler.initialize_task!(asked) : ask(asked, handler.step_templates, identity: :hash)
        end

        expect(by_core).to eq(by_engine)
        expect(by_core['tasker_tasks'].flatten.first['identity_hash']).to match(/\A\h{64}\z/)
      end
    end
  end

  it "hashes what the engine hashes in the application's own time zone" do
    identity(:hash)
    name = StepTemplates.define([{ name: 'a' }])
    handler = Tasker::HandlerFactory.instance.get(name)
    Time.use_zone('Kathmandu') do
      allow(Time).to receive(:now).and_return(Time.utc(2026, 11, 26, 19, 12, 30))
      both = both do |side|
        next handler.initialize_task!(request(name)) if side == :engine

        ask(request(name), handler.step_templates, identity: :hash)
      end
      hashes = both.map { |found| found['tasker_tasks'].flatten.first['identity_hash'] }
      expect(hashes.uniq.size).to eq(1)
    end
  end

  it 'is by default known by a random UUID, as in the engine' do
    name = StepTemplates.define([{ name: 'a' }])
    templates = Tasker::HandlerFactory.instance.get(name).step_templates
    form = ->(text) { text.gsub(/\h/, 'h') }
    expect(form[ask(request(name), templates).identity_hash])
      .to eq(form[Tasker::HandlerFactory.instance.get(name).initialize_task!(request(name)).identity_hash])
  end

  it "publishes the engine's event with the engine's fields" do
    name = StepTemplates.define([{ name: 'a' }, { name: 'b', depends_on_step: 'a' }])
    theirs = nil
    listener = ->(event) { theirs ||= event.payload }
    Tasker::Events::Publisher.instance.subscribe('task.start_requested', &listener)
    Tasker::HandlerFactory.instance.get(name).initialize_task!(request(name))
    ours = nil
    client = TaskerCore.on(Tasker::ApplicationRecord.connection)
    allow(client.instance_variable_get(:@host)).to receive(:publish_after_commit) { |_, rows| ours = rows.first }
    steps = [{ name: 'a' }, { name: 'b', depends_on: ['a'] }]
    client.create_task(name, steps:, context: { 'day' => '2026-11-26' })

    expect(ours.first).to eq('task.start_requested')
    plain = theirs.to_h.transform_keys(&:to_s)
    expect(ours.last.keys - ['namespace']).to match_array(plain.keys)
    same = %w[task_name task_type event_type completed_at total_execution_duration total_steps completed_steps
              failed_steps pending_steps step_count task_context]
    expect(ours.last.slice(*same)).to eq(plain.slice(*same))
  ensure
    Tasker::Events::Publisher.instance.unsubscribe(listener)
  end

  it 'is a task that the engine can save, start and run' do
    name = StepTemplates.define([{ name: 'a' }, { name: 'b', depends_on_step: 'a' }])
    handler = Tasker::HandlerFactory.instance.get(name)
    task = Tasker::Task.find(ask(request(name), handler.step_templates).task_id)

    expect(task).to be_valid
    expect(task.workflow_steps).to all(be_valid)
    expect(handler.start_task(task)).to be(true)
    expect(task.status).to eq('in_progress')
  end

  # The engine runs what was made and begun outside, and the other way round.
  describe 'of which each has a part' do
    let(:name) { StepTemplates.define([{ name: 'a' }, { name: 'b', depends_on_step: 'a' }]) }
    let(:outside) { TaskerCore.on(Tasker::ApplicationRecord.connection) }
    let(:templates) { Tasker::HandlerFactory.instance.get(name).step_templates }

    # The threads of a run see the rows of the example's transaction.
    around do |example|
      pool = ActiveRecord::Base.connection_pool
      pool.pin_connection!(true)
      TaskerCore.configure { |c| c.dependency_resolution = c.state_transitions = c.orchestration = :active }
      example.run
    ensure
      pool.unpin_connection!
      TaskerCore.configure { |c| c.state_transitions = c.orchestration = :off }
    end

    def claim
      handlers = %w[a b].map { |step| { task: name, step: } }
      outside.claim_ready_steps(handlers, limit: 1, start_tasks: true).first
    end

    it 'is finished in Rails' do
      task_id = ask(request(name), templates, enqueue: true).task_id
      outside.complete_claim(claim, results: { 'by' => 'outside' })
      outside.transition_task!(task_id, to: :pending)
      Tasker::TaskRunnerJob.perform_now(task_id)

      task = Tasker::Task.find(task_id)
      expect([task.status, task.complete]).to eq(['complete', true])
      expect(task.get_step_by_name('a').results).to eq('by' => 'outside')
      expect(AuditTrail.violations).to be_empty
    end

    it 'is enqueued by the listener, once, and run' do
      task_id = ask(request(name), templates, enqueue: true).task_id
      ActiveJob::Base.queue_adapter.enqueued_jobs.clear
      expect(Array.new(2) { TaskerCore::Listener.new.sweep }).to eq([[task_id], []])
      expect(ActiveJob::Base.queue_adapter.enqueued_jobs.map { |job| job[:args] }).to eq([[task_id]])
      Tasker::TaskRunnerJob.perform_now(task_id)

      expect(Tasker::Task.find(task_id).status).to eq('complete')
      expect(AuditTrail.violations).to be_empty
    end

    it 'is finished outside' do
      task = Tasker::HandlerFactory.instance.get(name).initialize_task!(request(name))
      expect(Tasker::HandlerFactory.instance.get(name).start_task(task)).to be(true)
      2.times { outside.complete_claim(claim, results: { 'by' => 'outside' }) }

      expect(outside.finalize_task(task.task_id)).to eq('complete')
      expect(Tasker::Task.find(task.task_id)).to have_attributes(status: 'complete', complete: true)
      expect(AuditTrail.violations).to be_empty
    end
  end
end
