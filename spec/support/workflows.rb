# frozen_string_literal: true

# Task handlers in the engine's style, for specs that run whole tasks.
module Workflows
  # Adds up what its parents found; fails as often as the task's context says.
  class SumStep < Tasker::StepHandler::Base
    def process(task, sequence, step)
      fail_if_asked(task, step)
      parents = step.parents.map { |parent| sequence.find_step_by_name(parent.name) }
      { 'sum' => 1 + parents.sum { |parent| parent.results.fetch('sum') } }
    end

    private

    def fail_if_asked(task, step)
      failures = task.context.fetch('failures', {}).fetch(step.name, 0)
      raise "#{step.name} failed as asked" if step.attempts.to_i < failures
    end
  end

  # Makes a task handler class from the names of steps and their parents, and
  # registers it under its own name.
  #
  # @param graph [Hash{String => Array<String>}] parents by step
  def self.define(name, graph)
    handler = Class.new { include Tasker::TaskHandler }
    const_set(name, handler)
    handler.define_step_templates do |templates|
      graph.each do |step, parents|
        templates.define(name: step, depends_on_steps: parents, handler_class: SumStep)
      end
    end
    handler.register_handler(name.to_s.underscore)
  end

  define :Line, { 'one' => [], 'two' => ['one'], 'three' => ['two'] }
  define :Diamond, { 'top' => [], 'left' => ['top'], 'right' => ['top'], 'bottom' => %w[left right] }

  # Makes a task; its job is enqueued.
  #
  # @return [Tasker::Task]
  def self.create(name, **context)
    handler = Tasker::HandlerFactory.instance.get(name)
    handler.initialize_task!(Tasker::Types::TaskRequest.new(name:, context: { unique: SecureRandom.hex(4),
                                                                              **context }.deep_stringify_keys))
  end

  # Makes a task and runs it to the end of its job.
  def self.run(name, **context)
    task = create(name, **context)
    Tasker::HandlerFactory.instance.get(name).handle(task)
    Tasker::Task.find(task.task_id)
  end
end
