# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../soak/workflows'
require_relative '../../soak/invariants'

# What bin/soak looks at in the end finds what it is there for.
RSpec.describe Soak::Invariants, :orchestration, database: :committed do
  around do |example|
    Soak::Effects.create_table
    example.run
  ensure
    Database.connection.execute("DROP TABLE #{Soak::Effects::TABLE}")
  end

  let(:task) { Scripted.task({ 'one' => [], 'two' => ['one'] }, { 'one' => note, 'two' => note }) }
  let(:note) { ->(_, _, step) { Soak::Effects.note(step.workflow_step_id, step.attempts.to_i + 1) && {} } }
  let(:two) { step(task, 'two').workflow_step_id }

  before { Scripted.handle(task) }

  def violations = described_class.new(Database.connection).violations

  def execute(sql) = Database.connection.execute(sql)

  def audits(id) = Tasker::WorkflowStepTransition.where(workflow_step_id: id).order(:sort_key)

  def insert(id, to_state, sort_key, most_recent)
    execute('INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, ' \
            "created_at, updated_at) VALUES (#{id}, '#{to_state}', #{sort_key}, #{most_recent}, now(), now())")
  end

  it 'finds nothing in a task that ran' do
    expect(violations).to eq({})
  end

  {
    'step without exactly one most_recent row, the last' => lambda { |id|
      audits(id).last.update_columns(most_recent: false)
    },
    'step with a gap in sort_key' => ->(id) { audits(id).last.update_columns(sort_key: 30) },
    'step with a transition that is not allowed' => lambda { |id|
      audits(id).last.update_columns(most_recent: false)
      insert(id, 'in_progress', 30, true)
    },
    'step that ran twice in one attempt' => ->(id) { Soak::Effects.note(id, 1) },
    'step that ran again once complete, or in an attempt that nobody counted' => ->(id) { Soak::Effects.note(id, 2) },
    'step that is complete and was not done in its last attempt' =>
      ->(id) { execute("DELETE FROM #{Soak::Effects::TABLE} WHERE workflow_step_id = #{id}") },
    'step whose attempts are not those of its audit rows' =>
      ->(id) { Tasker::WorkflowStep.where(workflow_step_id: id).update_all(attempts: 0) },
    'step whose columns are not those of its state' =>
      ->(id) { Tasker::WorkflowStep.where(workflow_step_id: id).update_all(in_process: true) },
    'step that was left in progress' => ->(id) { audits(id).last.update_columns(to_state: 'in_progress') },
    'step that began before a parent was complete' => lambda { |_|
      audits(step(task, 'one').workflow_step_id).last.delete
    }
  }.each do |name, harm|
    it "finds a #{name}" do
      instance_exec(two, &harm)
      expect(violations.keys).to include(name)
    end
  end

  {
    'task that is complete while a step of it is not' => -> { audits(two).last.update_columns(to_state: 'error') },
    'task whose column complete is not its state' =>
      -> { Tasker::Task.where(task_id: task.task_id).update_all(complete: false) },
    'task that has failed without a step that has for good' => lambda {
      Tasker::TaskTransition.where(task_id: task.task_id, most_recent: true).update_all(to_state: 'error')
    },
    'task that was left in progress' => lambda {
      Tasker::TaskTransition.where(task_id: task.task_id, most_recent: true).update_all(to_state: 'in_progress')
    }
  }.each do |name, harm|
    it "finds a #{name}" do
      instance_exec(&harm)
      expect(violations).to include(name => [task.task_id])
    end
  end
end
