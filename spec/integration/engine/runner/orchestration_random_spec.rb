# frozen_string_literal: true

require_relative 'orchestration_helper'

# Random graphs with random outcomes, through real runs: what was executed is what
# is recorded, and it always ends.
RSpec.describe 'random tasks', :orchestration, database: :committed, timeout: 240 do
  # Steps in layers, each with some parents above it.
  def random_graph(random)
    names = Array.new(random.rand(1..9)) { |n| "s#{n}" }
    names.each_with_index.to_h { |name, n| [name, names.first(n).select { random.rand < 0.35 }] }
  end

  outcomes = %i[success success success failure permanent unsaveable slow cancelled resolved].freeze

  # What a step does at each attempt; the last one holds for all that follow.
  define_method(:random_plan) { |random| Array.new(random.rand(1..3)) { outcomes.sample(random:) } }

  def act(outcome, step)
    case outcome
    when :failure then raise 'as planned'
    when :permanent then raise Tasker::PermanentError, 'as planned'
    when :unsaveable then { 'text' => "\0" }
    when :slow then sleep(0.5).then { { 'slow' => true } }
    when :cancelled then move(step, 'cancelled')
    when :resolved then move(step, 'error', 'resolved_manually')
    else { 'ok' => true }
    end
  end

  # Somebody else, on a connection of their own.
  def move(step, *states)
    Thread.new do
      Tasker::ApplicationRecord.connection_pool.with_connection do
        machine = Tasker::WorkflowStep.find(step.workflow_step_id).state_machine
        states.each { |state| machine.transition_to!(state) }
      end
    end.join
    { 'overwritten' => true }
  end

  def run_to_the_end(task)
    runs = 0
    loop do
      runs += 1
      # At least one attempt a run, four a step.
      raise "no end after #{runs} runs: #{step_states(task)}" if runs > 40

      jobs.clear
      Timeout.timeout(30) { run_job(task) }
      break if jobs.empty? || hopeless?(task)

      pass_waiting_times(task)
    end
  end

  # A task behind a cancelled step waits for ever, as it does in the engine.
  def hopeless?(task) = steps(task).each_value.none? do |step|
                          %w[error in_progress].include?(step.status) || step.ready?
                        end

  4.times do |seed|
    it "number #{seed} execute what they record, and end" do
      short_timeouts(0.25)
      random = Random.new(seed)
      6.times do
        graph = random_graph(random)
        plans = graph.transform_values { random_plan(random) }
        executed = Queue.new
        scripts = graph.to_h do |name, _|
          [name, lambda { |_, _, step|
            executed << name
            act(plans[name].fetch(step.attempts.to_i, plans[name].last), step)
          }]
        end
        task = Scripted.task(graph, scripts, retry_limit: 4)
        run_to_the_end(task)
        Timeout.timeout(10) { sleep 0.02 until session_stats['sessions_open'].zero? }
        counts = Array.new(executed.size) { executed.pop }.tally
        graph.each_key do |name|
          claims = history(task, name).count('in_progress')
          expect(counts.fetch(name, 0)).to eq(claims), "#{name}: #{plans[name]}, #{history(task, name)}"
          expect(claims).to be <= 4
          expect(step(task, name).results || {}).not_to have_key('overwritten')
        end
        expect_right_end(task, graph)
      end
    end
  end

  def expect_right_end(task, graph)
    states = step_states(task)
    graph.each do |name, parents|
      next if history(task, name).empty?

      expect(parents.map { |parent| states[parent] }).to all(eq('complete').or(eq('resolved_manually')))
    end
    expect_right_task_state(task, states.values.all? { |state| %w[complete resolved_manually].include?(state) })
  end

  def expect_right_task_state(task, done)
    expect(task_state(task) == 'complete').to eq(done), step_states(task).inspect
    expect(task_state(task)).to eq('error').or(eq('pending')) unless done
  end
end
