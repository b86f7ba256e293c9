# frozen_string_literal: true

require 'active_support/testing/time_helpers'
require_relative 'orchestration_helper'
require_relative '../../../support/step_templates'

RSpec.describe 'the creation of steps', :orchestration do
  creation = TaskerCore::Engine::Runner::StepCreation

  def line(count, prefix = 'step')
    Array.new(count) { |n| { name: "#{prefix}_#{n}", depends_on_steps: n.zero? ? [] : ["#{prefix}_#{n - 1}"] } }
  end

  def by_engine
    TaskerCore.configure { |c| c.orchestration = :off }
    yield
  ensure
    TaskerCore.configure { |c| c.orchestration = :active }
  end

  # Whether the engine's own path was taken is told by its statements, one a step.
  def inserts(&) = statements(&).count { |name| name.match?(/WorkflowStep (Bulk Insert|Insert|Create)\z/) }

  describe 'for a new task', :database do
    it 'takes three statements for any number of steps, and a few more for new names' do
      name = StepTemplates.define(line(20))
      first = statements { StepTemplates.create(name) }
      again = statements { StepTemplates.create(name) }
      created = again.grep(/Step|DependentSystem/).reject { |one| one.match?(/Count|Pluck/) }
      expect(created).to eq(['Tasker::NamedStep Load', 'Tasker::WorkflowStep Bulk Insert',
                             'Tasker::WorkflowStepEdge Bulk Insert'])
      expect(first.grep(/Step|DependentSystem/).grep_v(/Count/).size).to be <= 10

      long = StepTemplates.define(line(60, 'long'))
      StepTemplates.create(long)
      expect(statements { StepTemplates.create(long) }.size).to eq(again.size)
    end

    it 'writes the rows that the engine writes' do
      templates = [{ name: 'a', dependent_system: 'first', default_retry_limit: 7, skippable: true },
                   { name: 'b', dependent_system: 'second', default_retryable: false, depends_on_step: 'a' },
                   { name: 'c', depends_on_step: 'b', depends_on_steps: %w[a b] }]
      context = { 'nested' => { 'list' => [1, 2.5, nil, "ü \u2603"] }, 'true' => true }
      expected = by_engine { StepTemplates.rows(StepTemplates.create(StepTemplates.define(templates), context)) }
      ran = inserts do
        task = StepTemplates.create(StepTemplates.define(templates), context)
        expect(StepTemplates.rows(task)).to eq(expected)
      end
      expect(ran).to eq(1)
    end

    it 'gives the steps in the order of the templates, saved and with their names' do
      name = StepTemplates.define([{ name: 'last', depends_on_steps: %w[first] }, { name: 'first' }])
      task = Tasker::Task.create_with_defaults!(Tasker::Types::TaskRequest.new(name:, context: { 'a' => 1 }))
      steps = StepTemplates.sequence(task)

      queries = statements { expect(steps.map(&:name)).to eq(%w[last first]) }
      expect(queries).to be_empty
      expect(steps).to all(be_persisted.and(have_attributes(changed?: false, task_id: task.task_id)))
      expect(steps.first.parents.map(&:workflow_step_id)).to eq([steps.last.workflow_step_id])
      expect(steps.map(&:workflow_step_id)).to eq(steps.map(&:workflow_step_id).sort)
    end

    it "stamps rows with this process's time" do
      moment = Time.utc(2031, 5, 6, 7, 8, 9)
      travel(moment) do
        task = StepTemplates.create(StepTemplates.define(line(2)))
        made = [*task.workflow_steps, *Tasker::WorkflowStepEdge.where(to_step_id: task.workflow_steps.ids)]
        expect(made.map(&:created_at) + made.map(&:updated_at)).to all(eq(moment))
      end
    end

    def travel(moment, &)
      extend ActiveSupport::Testing::TimeHelpers
      travel_to(moment, &)
    end
  end

  describe 'for a task that has steps', :database do
    let(:name) { StepTemplates.define(line(6)) }
    let!(:task) { StepTemplates.create(name) }
    let(:ids) { task.workflow_steps.order(:workflow_step_id).ids }

    it 'creates nothing, and reads with three statements' do
      known = ids
      queries = statements { expect(StepTemplates.sequence(task).map(&:workflow_step_id)).to eq(known) }
      expect(queries).to eq(['Tasker::NamedStep Load', 'Tasker::WorkflowStep Load', 'Tasker::WorkflowStepEdge Pluck'])
    end

    it 'creates the steps and edges that are missing, and leaves the others' do
      expected = StepTemplates.rows(task).merge(edges: nil)
      kept = ids - [ids[2]]
      edges = Tasker::WorkflowStepEdge
      edges.where(from_step_id: ids[2]).or(edges.where(to_step_id: ids[2])).delete_all
      Tasker::WorkflowStep.where(workflow_step_id: ids[2]).delete_all

      steps = StepTemplates.sequence(task)
      expect(steps.map(&:workflow_step_id).values_at(0, 1, 3, 4, 5)).to eq(kept)
      expect(steps.map(&:name)).to eq(Array.new(6) { |n| "step_#{n}" })
      expect(steps.map { |step| step.parents.map(&:name) }).to eq([[], *Array.new(5) { |n| ["step_#{n}"] }])
      rows = StepTemplates.rows(task).merge(edges: nil)
      expect(rows[:steps].sort_by { |row| row['name'] }).to eq(expected[:steps])
      expect(rows[:associations]).to eq(expected[:associations])
    end

    it 'goes around the query cache' do
      cached = []
      listener = ->(*, payload) { cached << payload[:name] if payload[:cached] }
      Tasker::WorkflowStep.cache do
        ActiveSupport::Notifications.subscribed(listener, 'sql.active_record') do
          2.times { StepTemplates.sequence(task) }
        end
      end
      expect(cached).to be_empty
    end
  end

  describe "takes the engine's own path", :database do
    # The same error, or the same rows, on both ways.
    def outcome(templates)
      name = StepTemplates.define(templates)
      Tasker::Task.transaction(requires_new: true) do
        rows = StepTemplates.rows(StepTemplates.create(name))
        raise ActiveRecord::Rollback, rows if rows.nil?

        rows
      end
    rescue StandardError => e
      [e.class, e.message, Tasker::Task.count, Tasker::WorkflowStep.count]
    end

    {
      'where a dependency is unknown' => [{ name: 'a', depends_on_step: 'nowhere' }],
      'where two templates have one name' => [{ name: 'a' }, { name: 'a' }],
      'where steps depend on each other in a circle' => [{ name: 'a', depends_on_step: 'b' },
                                                         { name: 'b', depends_on_step: 'a' }],
      'where a step depends on itself' => [{ name: 'a', depends_on_step: 'a' }],
      'where a name is empty' => [{ name: '' }],
      'where a system has no name' => [{ name: 'a', dependent_system: '' }],
      'where there are no templates' => []
    }.each do |what, templates|
      it what do
        expected = by_engine { outcome(templates) }
        expect(outcome(templates)).to eq(expected)
      end
    end

    # As an application has it: code that is not in the engine's folders.
    def application(code) = eval(code, TOPLEVEL_BINDING, '/srv/shop/app/models/concerns/audited.rb') # rubocop:disable Security/Eval

    def changed(model)
      chains = model.__callbacks.dup
      yield
    ensure
      model.__callbacks = chains
    end

    let(:name) { StepTemplates.define(line(3)) }

    before { StepTemplates.create(name) }

    [Tasker::WorkflowStep, Tasker::WorkflowStepEdge, Tasker::NamedStep, Tasker::NamedTasksNamedStep].each do |model|
      it "where an application added a callback to #{model.name}" do
        expect(inserts { StepTemplates.create(name) }).to eq(1)
        changed(model) do
          model.before_create(application('->(*) { true }'))
          expect(inserts { StepTemplates.create(name) }).to eq(3)
        end
        expect(inserts { StepTemplates.create(name) }).to eq(1)
      end
    end

    it 'where an application added a validation or a callback object' do
      observer = application('Class.new { def after_commit(*) = nil }').new
      [-> { Tasker::WorkflowStep.validates :inputs, presence: true },
       -> { Tasker::WorkflowStep.validate application('->(*) { true }') },
       -> { Tasker::WorkflowStep.after_commit observer }].each do |change|
        changed(Tasker::WorkflowStep) do
          change.call
          expect(inserts { StepTemplates.create(name) }).to eq(3)
        end
      end
    end

    it "where somebody put a method in the engine's place" do
      allow(Tasker::WorkflowStep).to receive(:build_default_step!).and_call_original
      expect(inserts { StepTemplates.create(name) }).to eq(3)
      expect(Tasker::WorkflowStep).to have_received(:build_default_step!).exactly(3).times
    end

    it 'where a scope is in force, or the switch is off' do
      Tasker::WorkflowStep.where(skippable: false).scoping do
        expect(inserts { StepTemplates.create(name) }).to eq(3)
      end
      expect(by_engine { inserts { StepTemplates.create(name) } }).to eq(3)
    end
  end

  describe 'by many at once', database: :committed do
    def together(count)
      Array.new(count) do |n|
        Thread.new { Tasker::ApplicationRecord.connection_pool.with_connection { yield n } }
      end.map(&:value)
    end

    it 'makes each name once, and fails nobody' do
      templates = line(12)
      names = Array.new(4) { |n| StepTemplates.define(n.even? ? templates : templates.rotate(5)) }
      # The engine makes these itself, and fails one of two that do so at once.
      names.each { |name| Tasker::NamedTask.find_or_create_by_full_name!(name:) }
      tasks = together(12) { |n| StepTemplates.create(names[n % 4]) }

      expect(tasks.map { |task| task.workflow_steps.count }.uniq).to eq([12])
      expect(Tasker::NamedStep.pluck(:name)).to match_array(templates.map { |template| template[:name] })
      expect([Tasker::DependentSystem.count, Tasker::NamedTasksNamedStep.count]).to eq([1, 48])
      expect(reports).to be_empty
    end

    [true, false].each do |commits|
      it "waits for another transaction that #{commits ? 'commits' : 'is taken back'}, and goes on in its own" do
        name = StepTemplates.define(line(4))
        made = Queue.new
        open = Queue.new
        first = Thread.new { hold(name, made, open, commits) }
        made.pop
        second = Thread.new do
          Tasker::Task.transaction { StepTemplates.create(name).tap { Tasker::Task.count } }
        end
        wait_until_blocked
        open << true
        first.join
        expect(second.value.workflow_steps.count).to eq(4)
        expect(Tasker::NamedStep.count).to eq(4)
      end
    end

    def hold(name, made, open, commits)
      Tasker::Task.transaction do
        StepTemplates.create(name)
        made << true
        open.pop
        raise ActiveRecord::Rollback unless commits
      end
    end

    def wait_until_blocked
      waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
      sleep 0.01 until Database.connection.uncached { Database.connection.select_value(waiting) }.positive?
    end
  end

  it 'tells whether templates have a circle, also long lines of them' do
    templates = Array.new(5000) { |n| Tasker::Types::StepTemplate.new(name: "s#{n}", depends_on_steps: ["s#{n + 1}"]) }
    last = Tasker::Types::StepTemplate.new(name: 's5000')
    expect(creation::Templates.new([*templates, last])).to be_plain
    last.depends_on_steps = ['s0']
    expect(creation::Templates.new([*templates, last])).not_to be_plain
  end
end
