# frozen_string_literal: true

# Tasks made from templates, on the stand-in and on the real engine, and what their
# rows are when ids and times are left out: two ways of making them can be compared.
module StepTemplates
  # Runs the class-level hook that applications may override; does nothing itself.
  class Step < Tasker::StepHandler::Base
    def process(_task, _sequence, _step) = {}
  end

  @count = 0

  module_function

  # @param templates [Array<Hash>] arguments for the engine's define
  # @return [String] the name of a registered task handler
  def define(templates)
    handler = Class.new { include Tasker::TaskHandler }
    name = "templates_#{StepTemplates.next_number}"
    const_set(name.camelize, handler)
    handler.define_step_templates do |definer|
      templates.each { |template| definer.define(dependent_system: 'system', handler_class: Step, **template) }
    end
    Tasker::HandlerFactory.instance.register(name, handler)
    name
  end

  def next_number = @count += 1

  # @return [Tasker::Task] as initialize_task! gives it
  def create(name, context = {})
    request = Tasker::Types::TaskRequest.new(name:, context: { 'unique' => SecureRandom.hex(6), **context },
                                             initiator: 'spec', source_system: 'spec', reason: 'spec')
    Tasker::HandlerFactory.instance.get(name).initialize_task!(request)
  end

  # @return [Array<Tasker::WorkflowStep>] what the sequence of a task is then
  def sequence(task)
    handler = Tasker::HandlerFactory.instance.get(task.name)
    Tasker::Orchestration::StepSequenceFactory.new.get_sequence(task, handler).steps
  end

  # Every column of every row that creation writes, except ids and times.
  #
  # @param task [Tasker::Task]
  # @return [Hash{Symbol => Array<Hash>}]
  def rows(task)
    steps = Tasker::WorkflowStep.where(task_id: task.task_id).includes(:named_step).order(:workflow_step_id).to_a
    ids = steps.map(&:workflow_step_id)
    { steps: steps.map { |step| described(step) },
      edges: Tasker::WorkflowStepEdge.where(to_step_id: ids).order(:id).map { |edge| ends(edge, steps) },
      associations: associations(task) }
  end

  # @return [Hash] a step's columns, with its names
  def described(step)
    named_step = step.named_step
    plain(step).merge('inputs' => step.inputs&.except('unique'), 'name' => step.name, 'status' => step.status,
                      'named_step' => plain(named_step), 'system' => plain(named_step.dependent_system))
  end

  def ends(edge, steps)
    by_id = steps.to_h { |step| [step.workflow_step_id, step.name] }
    { **plain(edge), 'from' => by_id.fetch(edge.from_step_id), 'to' => by_id.fetch(edge.to_step_id) }
  end

  def associations(task)
    Tasker::NamedTasksNamedStep.where(named_task_id: task.named_task_id).includes(:named_step)
                               .map { |row| { **plain(row), 'name' => row.named_step.name } }
                               .sort_by { |row| row['name'] }
  end

  def plain(record) = record.attributes.reject { |name, _| name.match?(/(\A|_)id\z|_at\z/) || name == 'inputs' }
end
