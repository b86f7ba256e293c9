# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/counts'

# The engine reloads a task before each turn and at the end of its run. A run of the core does so
# where there is something to see.
RSpec.describe 'the task that handlers get', :orchestration, database: :committed do
  def line(scripts = {}, **) = Scripted.task({ 'one' => [], 'two' => ['one'], 'three' => ['two'] }, scripts, **)

  def outside(task, **columns) = Tasker::Task.where(task_id: task.task_id).update_all(**columns)

  # As it is after a reload.
  def shown(task)
    { attributes: task.attributes, changed: task.has_changes_to_save?, saved: task.saved_changes? }
  end

  def reads(&) = Counts.sql(&).grep(/FROM "tasker_tasks"/)

  it 'is not read again where nobody has written it' do
    task = line
    expect(reads { Scripted.handle(task) }).to eq([])
    expect(task_state(task)).to eq('complete')
  end

  it 'shows its row after the run' do
    task = line
    Scripted.handle(task)

    expect(shown(task)).to eq(shown(Tasker::Task.find(task.task_id)))
    expect(task).to have_attributes(complete: true, named_task: be_present)
  end

  it 'has a context as the database has it' do
    seen = nil
    task = line({ 'one' => ->(given, *) { seen = given.context } }, context: { 'deep' => { 'a' => [1, 2.5, nil] } })
    Scripted.handle(task)

    expect(seen).to be_instance_of(Hash).and include('deep' => { 'a' => [1, 2.5, nil] })
  end

  it 'is read where it was written between its loading and its run' do
    seen = nil
    task = line({ 'one' => ->(given, *) { seen = given.reason } })
    outside(task, reason: 'written before')
    Scripted.handle(task)

    expect(seen).to eq('written before')
  end

  it 'forgets what the caller left in it unsaved' do
    seen = nil
    task = line({ 'one' => ->(given, *) { seen = given.context.keys } })
    task.context['unsaved'] = true
    Scripted.handle(task)

    expect(seen).to eq(['unique'])
  end

  it 'is read where another process has written it during a step' do
    seen = []
    task = line({ 'one' => ->(given, *) { outside(given, reason: 'in one') },
                  'two' => ->(given, *) { seen << given.reason },
                  'three' => ->(given, *) { outside(given, reason: 'in three') } })
    Scripted.handle(task)

    expect(seen).to eq(['in one'])
    expect(shown(task)).to eq(shown(Tasker::Task.find(task.task_id)))
    expect(task.reason).to eq('in three')
  end

  %w[task.completed workflow.task_finalization_started workflow.task_finalization_completed].each do |event|
    it "shows what a listener to #{event} has written" do
      task = line
      listen([event], ->(*) { outside(task, reason: event) }) { Scripted.handle(task) }

      expect(shown(task)).to eq(shown(Tasker::Task.find(task.task_id)))
      expect(task).to have_attributes(complete: true, reason: event)
    end
  end

  it 'shows what update_annotations has written, and forgets what it left unsaved' do
    task = line(base: lambda { |*|
      define_method(:update_annotations) do |given, *|
        Tasker::Task.where(task_id: given.task_id).update_all(reason: 'annotated')
        given.initiator = 'unsaved'
      end
    })
    Scripted.handle(task)

    expect(shown(task)).to eq(shown(Tasker::Task.find(task.task_id)))
    expect(task).to have_attributes(complete: true, reason: 'annotated', initiator: 'spec')
  end

  it 'leaves no associations of before behind' do
    task = line({ 'three' => ->(given, *) { given.workflow_steps.to_a } })
    Scripted.handle(task)

    expect(task.association_cached?(:workflow_steps)).to be(false)
  end
end
