# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

RSpec.describe 'work that a dead worker holds', :orchestration do
  let(:client) { TaskerCore.on(Database.connection) }

  # A task as a worker leaves it that died in the middle of its steps.
  def abandoned(steps, minutes: 20, state: 'in_progress')
    steps = steps.map { |step| { state: 'in_progress', state_ago: minutes * 60, in_process: true, **step } }
    Rows.workflow(steps:, state:).tap { |made| age(made, minutes) }
  end

  # Lets everything that happened to a task be as long ago.
  def age(made, minutes)
    earlier = "created_at = created_at - interval '#{minutes} minutes'"
    Tasker::TaskTransition.where(task_id: made.task_id).update_all(earlier)
    Tasker::WorkflowStep.where(task_id: made.task_id)
                        .update_all("#{earlier}, updated_at = updated_at - interval '#{minutes} minutes'")
  end

  def audit(step_id)
    Tasker::WorkflowStepTransition.where(workflow_step_id: step_id).order(:sort_key)
                                  .pluck(:to_state, :sort_key, :most_recent, :metadata)
  end

  def jobs_of(task_id) = jobs.count { |job| job['arguments'] == [task_id] || job[:args] == [task_id] }

  let(:reason) { { 'reset_by' => 'tasker_core', 'reason' => 'stuck' } }

  describe 'stuck_steps', :database do
    it 'tells the steps that are in progress for too long, of tasks that are open' do
      made = abandoned([{ attempts: 1 }, { state_ago: 60 }, { state: 'error' }, {}])
      abandoned([{}], state: 'cancelled')

      found = TaskerCore.stuck_steps(older_than: 10.minutes)
      expect(found.map(&:workflow_step_id)).to eq([made[1], made[4]])
      expect(found.first).to have_attributes(task_id: made.task_id, name: 'step_1', attempts: 1, retry_limit: 3,
                                             since: Rows.now(1200))
      expect(client.stuck_steps(older_than: 30).size).to eq(3)
      expect(TaskerCore.stuck_steps(older_than: 1.hour)).to eq([])
    end

    it 'refuses an age that is none' do
      [-1, 1e30].each do |age|
        expect { client.stuck_steps(older_than: age) }.to raise_error(TaskerCore::InvalidArgument, /older_than/)
      end
    end
  end

  describe 'stuck_tasks', :database do
    it 'tells the tasks whose run was cut short between two steps' do
      cut = abandoned([{ state: 'complete' }, { state: nil }])
      abandoned([{ state: 'complete' }, {}])
      abandoned([{ state: 'complete' }, { state: nil }], state: 'pending')
      abandoned([{ state: 'complete', state_ago: 60 }, { state: nil }])

      expect(TaskerCore.stuck_tasks(older_than: 10.minutes).map(&:to_h))
        .to eq([{ task_id: cut.task_id, name: 'spec_task', since: Rows.now(1200) }])
    end
  end

  describe 'reset_stuck', database: :committed do
    it 'lets a step run again: the attempt counts, the audit rows say why' do
      made = abandoned([{ attempts: 1, backoff_request_seconds: 600 }])
      before = Time.current

      reset = TaskerCore.reset_stuck(older_than: 10.minutes)
      expect(reset.steps.map(&:to_h))
        .to match([hash_including(workflow_step_id: made[1], attempts: 2, state: 'pending')])
      expect(audit(made[1])).to eq([['in_progress', 10, false, {}], ['error', 20, false, reason],
                                    ['pending', 30, true, reason]])
      expect(Tasker::WorkflowStep.find(made[1]))
        .to have_attributes(attempts: 2, in_process: false, processed: false, backoff_request_seconds: nil,
                            last_attempted_at: be >= before.floor(6),
                            results: hash_including('error_class' => 'TaskerCore::StuckStep'))
      expect(client.viable_steps(made.task_id)).to eq([made[1]])
    end

    it 'fails a step that has no attempt left, or may not be tried again' do
      made = abandoned([{ attempts: 2 }, { retryable: false }, { retry_limit: nil, attempts: nil }])

      reset = TaskerCore.reset_stuck(older_than: 10.minutes)
      expect(reset.steps.map(&:state)).to eq(%w[error error pending])
      expect(made.step_ids.map { |id| client.current_step_state(id) }).to eq(%w[error error pending])
      expect(client.viable_steps(made.task_id)).to eq([made[3]])
    end

    it 'sets each task pending and enqueues it once, after commit' do
      made = abandoned([{}, {}])
      cut = abandoned([{ state: 'complete' }, { state: nil }])

      Tasker::Task.transaction do
        expect(TaskerCore.reset_stuck(older_than: 10.minutes).task_ids).to eq([made.task_id, cut.task_id])
        expect(jobs).to be_empty
      end
      expect([made, cut].map { |task| [client.current_task_state(task.task_id), jobs_of(task.task_id)] })
        .to eq([['pending', 1], ['pending', 1]])
      expect(Tasker::TaskTransition.where(task_id: made.task_id, most_recent: true).pick(:metadata)).to eq(reason)
      expect(TaskerCore.reset_stuck(older_than: 10.minutes).to_a).to eq([[], []])
      expect(jobs.size).to eq(2)
    end

    it 'publishes what the engine publishes for a task that is enqueued again' do
      abandoned([{}])
      seen = events('workflow.task_reenqueue_started', 'workflow.task_reenqueue_requested') do
        TaskerCore.reset_stuck(older_than: 10.minutes)
      end
      expect(seen.map(&:first)).to eq(%w[workflow.task_reenqueue_started workflow.task_reenqueue_requested])
    end

    it 'enqueues nothing where the transaction is taken back' do
      made = abandoned([{}])
      Tasker::Task.transaction do
        TaskerCore.reset_stuck(older_than: 10.minutes)
        raise ActiveRecord::Rollback
      end
      expect(jobs).to be_empty
      expect(TaskerCore.stuck_steps(older_than: 10.minutes).map(&:workflow_step_id)).to eq([made[1]])
    end

    it 'ends in a complete task when its job has run' do
      task = Scripted.task({ 'one' => [], 'two' => ['one'] })
      task.state_machine.transition_to!('in_progress')
      step(task, 'one').state_machine.transition_to!('in_progress')

      TaskerCore.reset_stuck(older_than: 0)
      jobs.size.times { run_job(task) }
      expect([task_state(task), step_states(task)]).to eq(['complete', { 'one' => 'complete', 'two' => 'complete' }])
      expect(step(task, 'one').attempts).to eq(2)
    end

    it 'refuses the result of a worker that comes back' do
      slow = ->(*) { Thread.new { take_away }.value.then { { 'late' => true } } }
      task = Scripted.task({ 'one' => [] }, { 'one' => slow })
      Scripted.handle(task)

      expect(history(task, 'one')).to eq(%w[in_progress error pending])
      expect(step(task, 'one').results).not_to include('late')
      expect(reports.map(&:kind)).to eq([:late_result])
    end

    def take_away
      Tasker::ApplicationRecord.connection_pool.with_connection { TaskerCore.reset_stuck(older_than: 0) }
    end

    it 'takes each step once, however many reset at once' do
      tasks = Array.new(10) { abandoned([{}, {}, {}]) }
      resets = Array.new(4) { Thread.new { take_away } }.map(&:value)

      expect(resets.flat_map(&:steps).map(&:workflow_step_id)).to match_array(tasks.flat_map(&:step_ids))
      expect(resets.flat_map(&:task_ids)).to match_array(tasks.map(&:task_id))
      expect(tasks.map { |task| jobs_of(task.task_id) }.uniq).to eq([1])
    end

    it 'and the worker that completes the step at the same time: exactly one of them wins' do
      outcomes = Array.new(12) do |turn|
        gate = Queue.new
        task = Scripted.task({ 'one' => [] }, { 'one' => ->(*) { (gate << true) && sleep(turn * 0.0005) } })
        resetter = Thread.new { gate.pop && take_away }
        handle_or_lose_the_task(task)
        [history(task, 'one').drop(1).first(2), resetter.value.steps.size]
      end

      expect(outcomes).to all(eq([%w[complete], 0]).or(eq([%w[error pending], 1])))
    end

    # The resetter may set the task pending, and enqueue it, just as the run finalizes
    # it: then the run ends with the engine's own conflict, and the job goes on.
    def handle_or_lose_the_task(task)
      Scripted.handle(task)
    rescue Statesman::TransitionConflictError => e
      raise unless e.message.include?("task #{task.task_id}")
    end

    it 'does the same on connections of its own, and leaves the queue to its caller' do
      made = abandoned([{ attempts: 0 }])
      reset = TaskerCore.open(database_url: Database.url) { |pool| pool.reset_stuck(older_than: 600) }

      expect([reset.steps.map(&:workflow_step_id), reset.task_ids]).to eq([[made[1]], [made.task_id]])
      expect(audit(made[1]).map(&:first)).to eq(%w[in_progress error pending])
      expect([client.current_task_state(made.task_id), jobs]).to eq(['pending', []])
    end
  end

  describe 'the rake tasks', database: :committed do
    it 'list, and reset' do
      made = abandoned([{}])
      expect { rake('tasker_core:stuck', '600') }
        .to output(/step #{made[1]} \(step_1\) of task #{made.task_id}.*1 steps and 0 tasks/m).to_stdout
      expect { rake('tasker_core:reset_stuck') }
        .to output(/step #{made[1]}.*pending, attempts 1.*tasks enqueued: #{made.task_id}/m).to_stdout
    end

    it 'say what is no number of seconds' do
      %w[tasker_core:stuck tasker_core:reset_stuck].each do |task|
        expect { rake(task, 'ten') }.to raise_error(SystemExit).and output(/\Aten is not a number of seconds/).to_stderr
      end
    end

    def rake(task, *arguments)
      require 'rake'
      Rake.with_application(Rake::Application.new) do
        Rake::Task.define_task(:environment)
        load File.expand_path('../../../lib/tasker_core/rails/tasker_core.rake', __dir__)
        Rake::Task[task].invoke(*arguments)
      end
    end
  end
end
