# frozen_string_literal: true

require 'singleton'

module Tasker
  # Stands in for lib/tasker/handler_factory.rb: which class runs which task.
  class HandlerFactory
    include Singleton

    def initialize
      @classes = {}
    end

    def register(name, handler_class, namespace_name: :default, version: '0.1.0', **)
      @classes[[namespace_name.to_s, name.to_s, version]] = handler_class.to_s
      true
    end

    def get(name, namespace_name: :default, version: '0.1.0')
      known = @classes.fetch([namespace_name.to_s, name.to_s, version]) do
        raise ProceduralError, "No task handler for #{name}"
      end
      known.constantize.new
    end
  end

  # Stands in for lib/tasker/task_handler: what a task handler includes.
  module TaskHandler
    def self.included(base)
      base.extend(ClassMethods)
      base.include(InstanceMethods)
    end

    # Collects the templates of a task's steps.
    class StepTemplateDefiner
      attr_reader :step_templates

      def initialize
        @step_templates = []
      end

      def define(**fields) = @step_templates << Types::StepTemplate.new(description: fields[:name], **fields)
    end

    module ClassMethods
      def register_handler(name, namespace_name: 'default', version: '0.1.0', **)
        HandlerFactory.instance.register(name, self, namespace_name:, version:)
      end

      def define_step_templates
        definer = StepTemplateDefiner.new
        yield definer
        classes = definer.step_templates.to_h { |template| [template.name, template.handler_class.to_s] }
        configs = definer.step_templates.to_h { |template| [template.name, template.handler_config] }
        define_method(:step_templates) { definer.step_templates }
        define_method(:step_handler_class_map) { classes }
        define_method(:step_handler_config_map) { configs }
      end
    end

    module InstanceMethods
      include Concerns::EventPublisher

      attr_writer :workflow_coordinator_strategy, :reenqueuer_strategy

      def initialize_task!(request) = Orchestration::TaskInitializer.new.initialize_task!(request, self)
      def start_task(task) = Orchestration::TaskInitializer.new.start_task!(task)
      def get_sequence(task) = Orchestration::StepSequenceFactory.new.get_sequence(task, self)

      def handle(task)
        start_task(task)
        workflow_coordinator.execute_workflow(task, self)
      end

      def establish_step_dependencies_and_defaults(task, steps); end
      def update_annotations(task, sequence, steps); end

      def get_step_handler(step)
        handler_class = step_handler_class_map.fetch(step.name).constantize
        config = step_handler_config_map[step.name]
        config ? handler_class.new(config:) : handler_class.new
      end

      def handle_one_step(task, sequence, step) = step_executor.execute_single_step(task, sequence, step, self)

      private

      def step_executor = @step_executor ||= Orchestration::StepExecutor.new
      def task_finalizer = @task_finalizer ||= Orchestration::TaskFinalizer.new

      def workflow_coordinator
        @workflow_coordinator ||= workflow_coordinator_strategy.new(
          reenqueuer_strategy: (@reenqueuer_strategy || Orchestration::TaskReenqueuer).new
        )
      end

      def workflow_coordinator_strategy = @workflow_coordinator_strategy || Orchestration::WorkflowCoordinator
    end
  end

  # Stands in for lib/tasker/step_handler/base.rb.
  module StepHandler
    # Publishes around every handler, however it overrides handle.
    module AutomaticEventPublishing
      def handle(task, sequence, step)
        publish_step_started(step)
        publish_step_before_handle(step)
        super.tap { publish_step_completed(step) }
      rescue StandardError => e
        publish_step_failed(step, error: e)
        raise
      end
    end

    class Base
      prepend AutomaticEventPublishing
      include Concerns::EventPublisher

      def initialize(config: nil)
        @config = config
      end

      def handle(task, sequence, step)
        before = step.results
        output = process(task, sequence, step)
        process_results(step, output, before)
        output
      end

      def process(_task, _sequence, _step) = raise(NotImplementedError, "#{self.class} has to implement process")

      # What process itself put into step.results stays.
      def process_results(step, output, before)
        step.results = output if step.results == before
      end

      protected

      attr_reader :config
    end
  end
end
