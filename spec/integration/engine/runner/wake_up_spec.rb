# frozen_string_literal: true

require_relative 'orchestration_helper'

# An adapter that refuses jobs, as a queue does whose server is down.
class RefusingQueue
  def enqueue(_job) = raise(IOError, 'the queue is down')
  def enqueue_at(_job, _time) = raise(IOError, 'the queue is down')
  def enqueue_after_transaction_commit? = false
end

RSpec.describe 'the wake-up of an unfinished task', :orchestration, database: :committed do
  let(:failing) { Scripted.task({ 'one' => [], 'two' => ['one'] }, { 'one' => ->(*) { raise 'boom' } }) }

  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  def rows(task) = Tasker::TaskTransition.where(task_id: task.task_id).count

  def stuck = TaskerCore.stuck_tasks(older_than: 0).map(&:task_id)

  # A job that nothing in Active Job runs again.
  def perform(task) = Tasker::TaskRunnerJob.new(task.task_id).perform_now

  def kinds = reports.map(&:kind)

  describe 'where the queue takes no job' do
    before do
      failing
      ActiveJob::Base.queue_adapter = RefusingQueue.new
    end

    it 'fails the job, also where its own retry is not taken, so that the queue can run it again' do
      expect { perform(failing) }.to raise_error(StandardError, /could not be enqueued|the queue is down/)
      expect(task_state(failing)).to eq('pending')
      expect(stuck).to eq([failing.task_id])
    end

    it 'is reported outside of a job' do
      expect { handle(failing) }.not_to raise_error
      expect(reports.find { |report| report.kind == :not_enqueued }.message)
        .to include("Task #{failing.task_id} is pending", 'could not be enqueued')
      expect(stuck).to eq([failing.task_id])
    end

    it 'is made good by reset_stuck' do
      handle(failing)
      ActiveJob::Base.queue_adapter = :test
      TaskerCore.reset_stuck(older_than: 0)

      expect(jobs.map { |job| job['arguments'] }).to eq([[failing.task_id]])
      expect(stuck).to be_empty
    end
  end

  it 'fails the job where a callback of the application drops the next one' do
    drops = ->(_) { throw :abort }
    Tasker::TaskRunnerJob.before_enqueue(drops)
    expect { perform(failing) }.to raise_error(StandardError)
    expect(jobs).to be_empty
  ensure
    Tasker::TaskRunnerJob.skip_callback(:enqueue, :before, drops)
  end

  describe 'where nothing can change for a task' do
    held = {
      'a cancelled step with a child' => lambda { |spec|
        Scripted.task({ 'one' => [], 'two' => ['one'] }).tap do |task|
          spec.step(task, 'one').state_machine.transition_to!('cancelled')
        end
      },
      'no steps' => ->(_) { Scripted.task({}) },
      'a step that is not retryable and was never tried' => lambda { |spec|
        Scripted.task({ 'one' => [] }).tap { |task| spec.step(task, 'one').update_columns(retryable: false) }
      },
      'a step without attempts left' => lambda { |spec|
        Scripted.task({ 'one' => [] }).tap { |task| spec.step(task, 'one').update_columns(attempts: 3) }
      }
    }.freeze

    held.each do |what, make|
      it "enqueues no job and says so once: #{what}" do
        task = make.call(self)
        run_job(task)
        before = rows(task)
        2.times { run_job(task) }

        expect(task_state(task)).to eq('pending')
        expect([jobs, rows(task)]).to eq([[], before])
        expect(reports.map(&:kind)).to eq([:task_held])
        expect(stuck).to eq([task.task_id])
      end
    end

    it 'names the steps, and goes on when one was resolved and the job is enqueued again' do
      task = held.fetch('a cancelled step with a child').call(self)
      run_job(task)
      expect(reports.first.message).to include('one is cancelled', 'two waits for a step that will not be complete')

      Tasker::WorkflowStepTransition.where(workflow_step_id: step(task, 'one').workflow_step_id).delete_all
      run_job(task)
      expect(task_state(task)).to eq('complete')
    end
  end

  describe 'where somebody else works on a step' do
    let(:task) { Scripted.task({ 'one' => [], 'two' => ['one'] }) }

    before do
      step(task, 'one').state_machine.transition_to!('in_progress')
      run_job(task)
    end

    it 'writes no row for a look that finds nothing new, and waits longer each time' do
      before = rows(task)
      first = delay_of(jobs.last)
      Tasker::TaskTransition.where(task_id: task.task_id).update_all("created_at = created_at - interval '100 seconds'")
      run_job(task)

      expect(rows(task)).to eq(before)
      expect(first).to be_within(2).of(10)
      expect(delay_of(jobs.last)).to be_within(3).of(100)
    end

    it 'never waits longer than max_backoff_seconds' do
      Tasker::TaskTransition.where(task_id: task.task_id).update_all("created_at = created_at - interval '1 day'")
      run_job(task)

      expect(delay_of(jobs.last)).to be_within(2).of(Tasker.configuration.backoff.max_backoff_seconds)
    end

    it 'goes on as soon as the step is complete' do
      step(task, 'one').state_machine.transition_to!('complete')
      run_job(task)

      expect(task_state(task)).to eq('complete')
      expect(kinds).to be_empty
    end

    it 'ends the task as soon as the step has failed for good, long before its attempts are used up' do
      step(task, 'one').update_columns(attempts: 1, retryable: false, last_attempted_at: Time.current)
      step(task, 'one').state_machine.transition_to!('error')
      jobs.clear
      run_job(task)

      expect([task_state(task), jobs]).to eq(['error', []])
    end
  end
end
