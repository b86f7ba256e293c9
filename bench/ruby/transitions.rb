# frozen_string_literal: true

# Transitions with a commit each, current states, guards of a large task, and 100 steps at
# once.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/transitions.rb
require_relative '../support/world'
require_relative '../support/rows'

# The measurements. All ways of one take turns, call by call, so that what
# else the machine does falls on all of them alike.
module TransitionBench
  CALLS = Integer(ENV.fetch('TASKER_CORE_BENCH_CALLS', 2000))
  ROUNDS = 9
  COUNTED = 'SELECT count(*) FROM get_step_readiness_status($1) ' \
            "WHERE current_state IN ('complete', 'resolved_manually')"

  module_function

  # What is asked next is answered by the core or by the engine; nothing else of the
  # core is on.
  def switch(value)
    TaskerCore.configure do |config|
      config.dependency_resolution = :off
      config.state_transitions = value
    end
  end

  # Steps without an audit row.
  #
  # @return [Array<Integer>] ids
  def steps(count)
    task = BenchRows.graph([[0, 1]], steps: count)
    ids = World.connection.select_values("SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = #{task}")
    World.execute("DELETE FROM tasker_workflow_step_transitions WHERE workflow_step_id IN (#{ids.join(',')})")
    ids
  end

  # Calls each way once in every round.
  #
  # @return [Hash{String => Array<Float>}] sorted milliseconds
  def in_turns(ways, rounds)
    World.execute('VACUUM ANALYZE')
    taken = ways.transform_values { [] }
    rounds.times do |round|
      GC.start if (round % 200).zero?
      ways.to_a.shuffle(random: Random.new(round)).each do |name, way|
        switch(name.start_with?('core under it') ? :active : :off)
        taken[name] << time { way.call(round) }
      end
    end
    taken.transform_values { |times| times.drop(rounds / 20).sort }
  end

  def time
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond) - started
  end

  def percentile(times, share) = times[(times.size * share).to_i.clamp(0, times.size - 1)]

  def print_table(title, taken, base)
    puts '', title
    taken.each do |name, times|
      puts format('  %-52<name>s median %9.3<median>f ms  p99 %9.3<p99>f ms  %7.1<ratio>fx',
                  { name:, median: percentile(times, 0.5), p99: percentile(times, 0.99),
                    ratio: percentile(taken.fetch(base), 0.5) / percentile(times, 0.5) })
    end
  end

  # One step back and forth between pending and error: a row and a commit a call.
  def one_by_one
    World.execute('CREATE TABLE bench_commits (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())')
    raw = World.connection.raw_connection
    client = World.client
    own = steps(20)
    ways = {
      'bare: one row, committed' => ->(_) { raw.exec('INSERT INTO bench_commits DEFAULT VALUES') },
      'client: transition_step!' => ->(round) { client.transition_step!(own[round % 20], to: target(round)) }
    }
    with_engine(ways) if World.engine?
    base = World.engine? ? 'engine: transition_to!' : 'bare: one row, committed'
    print_table("#{CALLS} single transitions, each committed", in_turns(ways, CALLS), base)
  end

  def with_engine(ways)
    ['core under it: transition_to!', 'engine: transition_to!'].each do |name|
      list = Tasker::WorkflowStep.find(steps(20))
      ways[name] = ->(round) { list[round % 20].state_machine.transition_to!(target(round)) }
    end
  end

  def target(round) = (round / 20).even? ? 'error' : 'pending'

  # The state of a loaded object, asked of its machine and of the object itself.
  def states
    return unless World.engine?

    step = Tasker::WorkflowStep.find(steps(2).first)
    machine = step.state_machine
    ways = ['core under it', 'engine'].flat_map do |side|
      [["#{side}: current_state", ->(_) { machine.current_state }], ["#{side}: status", ->(_) { step.status }]]
    end
    print_table('the state of one step', in_turns(ways.to_h, CALLS), 'engine: current_state')
  end

  def all_steps_complete
    task_id = BenchRows.graph((0..98).map { |n| [n, n + 1] })
    ways = {
      'core: all_steps_complete' =>
        ->(_) { TaskerCore::Core.current.call('all_steps_complete', { 'task_id' => task_id }, host) },
      'SQL function, counted' => ->(_) { World.connection.raw_connection.exec_params(COUNTED, [task_id]) }
    }
    all_by_engine(ways, Tasker::Task.find(task_id)) if World.engine?
    print_table('all_steps_complete? of 100 steps', in_turns(ways, 200), ways.keys.last)
  end

  def all_by_engine(ways, task)
    ['core under it: all_steps_complete?', 'engine: all_steps_complete?'].each do |name|
      ways[name] = ->(_) { task.all_steps_complete? }
    end
  end

  def host = TaskerCore::HostConnection.new(World.connection)

  def many
    client = World.client
    ways = {
      'client: 100 steps in one statement' => hundreds { |ids| client.transition_steps(ids, to: 'cancelled') },
      'client: one by one' => hundreds { |ids| ids.each { |id| client.transition_step!(id, to: 'cancelled') } }
    }
    if World.engine?
      ways['engine: one by one'] = hundreds(Tasker::WorkflowStep) do |models|
        models.each { |step| step.state_machine.transition_to!('cancelled') }
      end
    end
    print_table('100 steps cancelled', in_turns(ways, ROUNDS), ways.keys.last)
  end

  # A way that has a hundred new steps for each round.
  def hundreds(model = nil)
    made = Array.new(ROUNDS) { steps(100) }.map { |ids| model ? model.find(ids) : ids }
    ->(round) { yield made[round] }
  end
end

World.open do
  # Beside the steps that are moved stand 10,000 others, as in a database that is used.
  BenchRows.tasks(1000)
  TransitionBench.one_by_one
  TransitionBench.states
  TransitionBench.all_steps_complete
  TransitionBench.many
end
