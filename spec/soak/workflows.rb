# frozen_string_literal: true

require_relative 'plan'

module Soak
  # What the handlers did, in a table of their own and in transactions of their own.
  module Effects
    TABLE = 'soak_effects'

    class << self
      def create_table
        connection.execute("CREATE TABLE #{TABLE} (workflow_step_id bigint, attempt integer, pid integer, " \
                           'at timestamptz DEFAULT clock_timestamp())')
      end

      def note(step_id, attempt)
        connection.transaction do
          connection.execute("INSERT INTO #{TABLE} VALUES (#{step_id}, #{attempt}, #{Process.pid})")
        end
      end

      private

      def connection = Tasker::ApplicationRecord.connection
    end
  end

  # Does what its task's script says.
  class Step < Tasker::StepHandler::Base
    def process(task, _sequence, step)
      script = task.context.fetch('script').fetch(step.name)
      attempt = step.attempts.to_i + 1
      Effects.note(step.workflow_step_id, attempt)
      sleep(script['ms'] / 1000.0)
      flaw(script['flaw']) if attempt <= script['fails']
      raise Tasker::PermanentError, 'as the script says' if script['end'] == 'permanent'

      { 'pid' => Process.pid, 'attempt' => attempt }
    end

    private

    def flaw(kind)
      case kind
      when 'retryable' then raise Tasker::RetryableError.new('as the script says', retry_after: 1)
      when 'no_standard_error' then raise NotImplementedError, 'as the script says'
      when 'exit' then exit(1)
      else raise 'as the script says'
      end
    end
  end

  # The task handlers of a seed's workflows.
  module Workflows
    PYTHON = { handler_class: TaskerCore::ExternalStepHandler, handler_config: { executor: 'python' } }.freeze

    class << self
      # @param seed [Integer]
      def register(seed) = Plan.new(seed).workflows.each { |workflow| define(workflow) }

      # @return [Tasker::Task] made, and its job enqueued
      def create(name, context)
        Tasker::HandlerFactory.instance.get(name).initialize_task!(
          Tasker::Types::TaskRequest.new(name:, context:, initiator: 'soak', source_system: 'soak', reason: 'soak')
        )
      end

      private

      def define(workflow)
        handler = const_set(workflow.name.camelize, Class.new { include Tasker::TaskHandler })
        handler.define_step_templates do |templates|
          workflow.graph.each do |step, parents|
            executor = workflow.external.include?(step) ? PYTHON : { handler_class: Step }
            templates.define(name: step, depends_on_steps: parents, dependent_system: 'soak', default_retryable: true,
                             default_retry_limit: Plan::RETRY_LIMIT, description: step, **executor)
          end
        end
        Tasker::HandlerFactory.instance.register(workflow.name, handler)
      end
    end
  end
end
