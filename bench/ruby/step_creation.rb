# frozen_string_literal: true

# Tasks of 20 steps, created by the engine and with its steps made in bulk: the
# statements that each needs, counted by Active Record, and the time that
# initialize_task! takes. Needs the gem tasker-engine.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/step_creation.rb
require_relative '../support/world'
require 'securerandom'

# A workflow in a line, defined as applications do.
module CreatedTasks
  STEPS = 20

  module_function

  def define(name)
    handler = Class.new { include Tasker::TaskHandler }
    const_set(name.camelize, handler)
    handler.define_step_templates do |templates|
      STEPS.times do |n|
        templates.define(name: "#{name}_#{n}", depends_on_steps: n.zero? ? [] : ["#{name}_#{n - 1}"],
                         dependent_system: name, handler_class: Tasker::StepHandler::Base)
      end
    end
    Tasker::HandlerFactory.instance.register(name, handler)
    name
  end

  def create(name)
    request = Tasker::Types::TaskRequest.new(name:, context: { 'unique' => SecureRandom.hex }, initiator: 'bench',
                                             source_system: 'bench', reason: 'bench')
    Tasker::HandlerFactory.instance.get(name).initialize_task!(request)
  end

  def with(switch)
    TaskerCore.configure { |c| c.orchestration = switch }
    yield
  end

  # @return [Integer] how many statements the block ran
  def statements(&)
    count = 0
    listener = ->(*, payload) { count += 1 unless payload[:name] == 'SCHEMA' }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
    count
  end
end

World.open do
  abort 'This benchmark needs the gem tasker-engine.' unless World.engine?
  ActiveJob::Base.queue_adapter = :test
  ActiveJob::Base.logger = nil

  { 'engine' => :off, 'in bulk' => :active }.each do |way, switch|
    name = CreatedTasks.define("first_#{switch}")
    CreatedTasks.with(switch) do
      counts = Array.new(2) { CreatedTasks.statements { CreatedTasks.create(name) } }
      puts format('  %-10<way>s %4<first>d statements for the first task of a workflow, %4<again>d for each other one',
                  way:, first: counts.first, again: counts.last)
    end
  end

  name = CreatedTasks.define('measured')
  ways = { 'engine: initialize_task!' => -> { CreatedTasks.with(:off) { CreatedTasks.create(name) } },
           'in bulk: initialize_task!' => -> { CreatedTasks.with(:active) { CreatedTasks.create(name) } } }
  World.table("A task of #{CreatedTasks::STEPS} steps", World.compare(ways, seconds: 15))
end
