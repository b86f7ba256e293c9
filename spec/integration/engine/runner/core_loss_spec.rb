# frozen_string_literal: true

require_relative 'orchestration_helper'

# The core is taken away at each point of a run, by a change of settings, which closes it and
# its sessions. Whatever was under way ends, what was done is written, and the engine goes on.
RSpec.describe 'a run that loses the core', :orchestration, database: :committed do
  line = { 'one' => [], 'two' => ['one'], 'three' => ['two'] }
  fan = { 'one' => [], 'a' => ['one'], 'b' => ['one'], 'c' => ['one'], 'last' => %w[a b c] }

  let(:done) { Queue.new }

  def task_of(graph, scripts = {})
    noting = graph.keys.to_h do |name|
      script = scripts[name]
      [name, lambda { |task, sequence, step|
        done << name
        script ? script.call(task, sequence, step) : { 'did' => name }
      }]
    end
    Scripted.task(graph, noting)
  end

  def lose_the_core = TaskerCore.configure { |config| config.max_sessions += 1 }

  # Loses it when the statement of this name has run for the nth time.
  def losing_after(name, nth = 1, &block)
    count = 0
    listener = lambda do |*, payload|
      next unless payload[:name].to_s.start_with?("TaskerCore #{name}")

      lose_the_core if (count += 1) == nth
    end
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &block)
    expect(count).to be >= nth
  end

  def losing_at(event, &block)
    lost = false
    listen([event], lambda { |_|
      lose_the_core unless lost
      lost = true
    }, &block)
  end

  def expect_all_done(task, graph)
    expect(Array.new(done.size) { done.pop }.tally).to eq(graph.keys.to_h { |name| [name, 1] })
    graph.each_key { |name| expect_done(task, name) }
    expect(Tasker::Task.find(task.task_id)).to have_attributes(status: 'complete', complete: true)
    expect(jobs).to be_empty
  end

  def expect_done(task, name)
    expect(history(task, name)).to eq(%w[in_progress complete])
    expect(step(task, name)).to have_attributes(attempts: 1, processed: true, in_process: false,
                                                results: { 'did' => name })
  end

  def failovers = reports.select { |report| report.kind == :failover && report.capability == :orchestration }

  { 'a line' => line, 'a fan' => fan }.each do |shape, graph|
    context "with #{shape}" do
      {
        'as it opens its session' => ['task_snapshot', 1],
        'as the first claim is answered' => ['claim_step', 1],
        'as a completion is answered' => ['finish', 1],
        'as a later completion is answered' => ['finish', 3]
      }.each do |moment, (name, nth)|
        it "#{moment}, does each step once" do
          task = task_of(graph)
          losing_after(name, nth) { Scripted.handle(task) }

          expect_all_done(task, graph)
          expect(failovers.size).to eq(1)
        end
      end

      it 'in a handler, writes what the handler did' do
        task = task_of(graph, { 'one' => ->(*) { lose_the_core.then { { 'did' => 'one' } } } })
        Scripted.handle(task)

        expect_all_done(task, graph)
        expect(failovers.size).to eq(1)
      end

      %w[workflow.viable_steps_discovered workflow.steps_execution_started step.execution_requested step.before_handle
         step.completed workflow.steps_execution_completed workflow.no_viable_steps
         workflow.task_finalization_started].each do |event|
        it "at #{event}, does each step once" do
          task = task_of(graph)
          losing_at(event) { Scripted.handle(task) }

          expect_all_done(task, graph)
          expect(failovers.size).to be <= 1
        end
      end
    end
  end

  it 'lets the steps that run beside it end first' do
    started = Queue.new
    go = Queue.new
    waits = ->(_, _, step) { started.push(step.name).then { go.pop }.then { { 'did' => step.name } } }
    loses = lambda { |_, _, step|
      started.pop
      lose_the_core
      go << true
      { 'did' => step.name }
    }
    graph = { 'a' => [], 'b' => [], 'c' => %w[a b] }
    task = task_of(graph, { 'a' => waits, 'b' => loses })
    Scripted.handle(task)

    expect_all_done(task, graph)
  end

  it 'records a failure, and retries it when its time has come' do
    task = task_of(line, { 'two' => ->(*) { lose_the_core.then { raise 'boom' } } })
    Scripted.handle(task)
    expect(history(task, 'two')).to eq(%w[in_progress error])
    expect(step(task, 'two')).to have_attributes(attempts: 1, results: a_hash_including('error' => 'boom'))
    expect(task_state(task)).to eq('pending')
    expect(jobs.size).to eq(1)
  end

  it 'does not overwrite a step that was reset and taken by somebody else' do
    task = task_of(line, { 'one' => lambda { |_, _, step|
      lose_the_core
      other = Tasker::WorkflowStep.find(step.workflow_step_id)
      %w[error pending in_progress].each { |state| other.state_machine.transition_to!(state) }
      { 'did' => 'one' }
    } })
    Scripted.handle(task)

    expect(history(task, 'one')).to eq(%w[in_progress error pending in_progress])
    expect(step(task, 'one')).to have_attributes(attempts: 0)
    expect(reports.map(&:kind)).to include(:late_result)
  end
end
