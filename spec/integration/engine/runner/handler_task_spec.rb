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

  %w[step.completed workflow.steps_execution_completed].each do |event|
    it "shows the next step what a listener to #{event} has written" do
      seen = nil
      task = line({ 'two' => ->(given, *) { seen ||= given.reason } })
      listen([event], ->(*) { outside(task, reason: event) }) { Scripted.handle(task) }

      expect(seen).to eq(event)
    end
  end

  it 'shows what a listener has written to whom the end of the loop is told' do
    task = line
    listen(['workflow.no_viable_steps'], ->(*) { outside(task, reason: 'none left') }) { Scripted.handle(task) }

    expect(task).to have_attributes(complete: true, reason: 'none left')
  end

  it 'forgets what a listener to its start changes in the context' do
    seen = nil
    task = line({ 'one' => ->(given, *) { seen = given.context } }, context: { 'card' => '4111' })
    redact = ->(event) { event.payload[:task_context]&.delete('card') }
    listen(['task.start_requested'], redact) { Scripted.handle(task) }

    expect(seen).to include('card' => '4111')
  end

  it 'forgets a belongs_to association, and that it was frozen' do
    seen = []
    task = line({ 'one' => ->(given, *) { given.freeze }, 'two' => ->(given, *) { seen << given.frozen? },
                  'three' => ->(given, *) { given.freeze } })
    Scripted.handle(task)

    expect(seen).to eq([false])
    expect(task).to have_attributes(complete: true, frozen?: false)
    expect(task_state(task)).to eq('complete')
  end

  it 'is read at each turn where the application has a reload of its own' do
    calls = 0
    theirs = Module.new { define_method(:reload) { super().tap { calls += 1 } } }
    task = line
    task.singleton_class.prepend(theirs)
    Scripted.handle(task)

    expect(calls).to be >= 4
  end

  it 'shows what a trigger of the database writes' do
    connection = Database.connection
    connection.execute(<<~SQL)
      CREATE FUNCTION note_completion() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.reason = 'by the trigger'; RETURN NEW; END $$;
      CREATE TRIGGER note_completion BEFORE UPDATE ON tasker_tasks FOR EACH ROW EXECUTE FUNCTION note_completion()
    SQL
    TaskerCore::Engine::Runner::TableTriggers.forget
    task = line
    Scripted.handle(task)

    expect(task).to have_attributes(complete: true, reason: 'by the trigger')
  ensure
    connection.execute('DROP FUNCTION note_completion() CASCADE')
    TaskerCore::Engine::Runner::TableTriggers.forget
  end

  it 'leaves no associations of before behind' do
    task = line({ 'three' => ->(given, *) { given.workflow_steps.to_a } })
    Scripted.handle(task)

    expect(task.association_cached?(:workflow_steps)).to be(false)
  end
end
