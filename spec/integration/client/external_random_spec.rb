# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

# Random graphs whose steps are divided at random between Rails and workers, all of
# them at work at the same time: each step is executed once, and every task ends.
RSpec.describe 'random tasks with external steps', :orchestration, database: :committed, timeout: 60 do
  names = Array.new(8) { |n| "s#{n}" }

  def random_graph(random, names)
    used = names.first(random.rand(2..names.size))
    used.each_with_index.to_h { |name, n| [name, used.first(n).select { random.rand < 0.35 }] }
  end

  # The jobs of the test adapter that are to run now, worked by threads. Those for later
  # are left: without them no wake-up may be missed.
  def work_jobs(done)
    until done.call
      job = @mutex.synchronize { jobs.index { |one| one['scheduled_at'].nil? }&.then { |at| jobs.delete_at(at) } }
      job ? ActiveJob::Base.execute(job.slice(*job.keys.grep(String))) : sleep(0.005)
    end
  end

  def work_steps(done, handlers)
    TaskerCore.open(database_url: Database.url) do |client|
      until done.call
        claimed = client.claim_ready_steps(handlers, limit: 2)
        client.await_steps(timeout: 0.02) if claimed.empty?
        claimed.each { |step| execute(client, step) }
      end
    end
  end

  def execute(client, step)
    @mutex.synchronize { @executed << step.workflow_step_id }
    written = client.complete_claim(step, results: { 'parents' => step.parents.keys.sort })
    raise "the result of step #{step.workflow_step_id} was refused" unless written.written?
  end

  it 'end, with each step executed once' do
    random = Random.new(RSpec.configuration.seed)
    @mutex = Mutex.new
    @executed = []
    handlers = []
    graphs = Array.new(10) { random_graph(random, names) }
    tasks = graphs.map do |graph|
      scripts = graph.keys.to_h do |name|
        [name, lambda { |_, _, step|
          @mutex.synchronize { @executed << step.workflow_step_id }
          { 'parents' => step.parents.map(&:name).sort }
        }]
      end
      external = graph.keys.select { random.rand < 0.5 }
      Scripted.task(graph, scripts, external:).tap do |task|
        handlers.concat(external.map { |step| { task: task.name, step: } })
      end
    end
    tasks.each { |task| Tasker::TaskRunnerJob.perform_later(task.task_id) }
    ids = tasks.map(&:task_id)
    done = -> { Tasker::Task.where(task_id: ids, complete: true).count == ids.size }

    listener = TaskerCore::Listener.start
    work = [-> { work_jobs(done) }, -> { work_steps(done, handlers) }] * 2
    threads = work.map { |one| Thread.new(&one) }
    threads.each(&:join)

    tasks.zip(graphs).each do |task, graph|
      expect(task_state(task)).to eq('complete')
      steps(task).each do |name, step|
        expect(step).to have_attributes(attempts: 1, results: { 'parents' => graph.fetch(name).sort })
        expect(history(task, name)).to eq(%w[in_progress complete])
      end
    end
    all = Tasker::WorkflowStep.where(task_id: ids).pluck(:workflow_step_id)
    expect(@executed.sort).to eq(all.sort)
  ensure
    threads&.each { |thread| thread.kill.join }
    listener&.stop
  end
end
