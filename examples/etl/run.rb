# frozen_string_literal: true

# Runs the example on the database of DATABASE_URL with the Python of PYTHON; bin/etl
# sets everything up.
$LOAD_PATH.unshift File.expand_path('../../lib', __dir__)

abort 'DATABASE_URL is not set: run bin/etl' unless ENV['DATABASE_URL']

require_relative 'application'

# Makes some tasks, starts both halves, and tells what became of them.
class Etl
  TASKS = Integer(ENV.fetch('TASKS', 5))
  PATIENCE = 60

  def run
    prepare
    tasks = Array.new(TASKS) { |number| create(number) }
    began = monotonic
    beside_python { wait_for(tasks) }
    show(tasks, monotonic - began)
  end

  private

  def prepare
    connection = Tasker::ApplicationRecord.connection
    TaskerCore.on(connection).install_schema unless connection.table_exists?('tasker_tasks')
    puts "ruby: tasker_core #{TaskerCore::VERSION} under #{Demo::Engine.name}"
  end

  def create(number)
    request = Tasker::Types::TaskRequest.new(
      name: 'sales_report', namespace: 'etl', initiator: 'example', source_system: 'etl', reason: 'example',
      context: { 'seed' => number, 'sales' => 1000, 'request' => SecureRandom.hex(8) }
    )
    Tasker::HandlerFactory.instance.get('sales_report', namespace_name: 'etl').initialize_task!(request)
  end

  # The listener enqueues a task as soon as Python has done its part.
  def beside_python
    python = spawn(ENV.fetch('PYTHON', 'python3'), File.join(__dir__, 'steps.py'), ENV.fetch('DATABASE_URL'))
    listener = TaskerCore::Listener.start
    yield
  ensure
    listener&.stop
    if python
      Process.kill(:TERM, python)
      Process.wait(python)
    end
  end

  def wait_for(tasks)
    deadline = monotonic + PATIENCE
    ids = tasks.map(&:task_id)
    until Tasker::Task.where(task_id: ids, complete: true).count == ids.size
      abort "the tasks were not done within #{PATIENCE} s" if monotonic > deadline
      sleep 0.05
    end
  end

  def show(tasks, seconds)
    tasks.each { |task| show_task(Tasker::Task.find(task.task_id)) }
    puts format('ruby: %<tasks>d tasks of 5 steps in %<seconds>.2f s', tasks: tasks.size, seconds:)
  end

  def show_task(task)
    steps = task.workflow_steps.includes(:named_step).index_by(&:name)
    puts "ruby: task #{task.task_id} is #{task.status}; Python dropped #{steps['clean'].results['dropped']} sales"
    steps['load'].results['report'].each { |line| puts "        #{line}" }
  end

  def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

Etl.new.run
# What the queue holds for later is of no interest any more.
$stdout.flush
exit!(0)
