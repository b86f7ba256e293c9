# frozen_string_literal: true

# Task handlers made from graphs, whose steps do what the spec says: on the
# stand-in and on the real engine alike.
module Scripted
  # Runs the script of its step.
  class Step < Tasker::StepHandler::Base
    def process(task, sequence, step) = Scripted.play(task, sequence, step)
  end

  @scripts = {}
  @count = 0

  class << self
    # Makes a task of a workflow. Its job is taken out of the queue, so that only
    # what a run enqueues is left.
    #
    # @param graph [Hash{String => Array<String>}] parents by step
    # @param scripts [Hash{String => Proc}] by step; called with task, sequence and
    #   step, gives the result
    # @param retry_limit [Integer]
    # @param base [Proc, nil] the body of the task handler's class
    # @param external [Array<String>] the steps that workers outside of Rails execute
    # @return [Tasker::Task]
    def task(graph, scripts = {}, retry_limit: 3, context: {}, base: nil, external: [])
      name = define(graph, retry_limit:, base:, external:)
      made = create(name, context)
      @scripts[made.task_id] = scripts
      made
    end

    # @return [String] the name under which the handler is registered
    def define(graph, retry_limit: 3, base: nil, external: [])
      handler = Class.new { include Tasker::TaskHandler }
      handler.class_eval(&base) if base
      name = "scripted_#{@count += 1}"
      const_set(name.camelize, handler)
      handler.define_step_templates do |templates|
        graph.each do |step, parents|
          templates.define(name: step, depends_on_steps: parents, **executor(external.include?(step)),
                           dependent_system: 'scripts', default_retryable: true, default_retry_limit: retry_limit,
                           description: step)
        end
      end
      Tasker::HandlerFactory.instance.register(name, handler)
      name
    end

    def handle(task) = handler(task).handle(task)

    # Runs a task that was started before.
    def resume(task)
      mine = handler(task)
      mine.send(:workflow_coordinator).execute_workflow(Tasker::Task.find(task.task_id), mine)
    end

    def handler(task) = Tasker::HandlerFactory.instance.get(task.name)

    def play(task, sequence, step)
      script = @scripts.fetch(task.task_id, {})[step.name]
      script ? script.call(task, sequence, step) : { 'step' => step.name }
    end

    def forget = @scripts.clear

    # @param name [String] see define
    # @return [Tasker::Task]
    def create(name, context)
      request = Tasker::Types::TaskRequest.new(name:, context: { 'unique' => SecureRandom.hex(6), **context },
                                               initiator: 'spec', source_system: 'spec', reason: 'spec')
      made = Tasker::HandlerFactory.instance.get(name).initialize_task!(request)
      queue = ActiveJob::Base.queue_adapter
      queue.enqueued_jobs.clear if queue.respond_to?(:enqueued_jobs)
      Tasker::Task.find(made.task_id)
    end

    private

    def executor(external)
      return { handler_class: Step } unless external

      { handler_class: TaskerCore::ExternalStepHandler, handler_config: { executor: 'python' } }
    end
  end
end
