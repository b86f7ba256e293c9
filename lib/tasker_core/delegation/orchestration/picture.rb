# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The engine's objects for one run, loaded once: the steps of a task with
      # their names, their parents and their task, so that handlers, payloads and
      # log lines find everything without a query.
      #
      # A step is executed on an object of its own, as in the engine: what its handler
      # does to it and what others do to the step of the sequence do not mix.
      class Picture
        # @return [Array<Tasker::WorkflowStep>] the steps of the templates, in their order
        attr_reader :sequence_steps

        # @param run [Run]
        # @param task [Tasker::Task]
        # @param handler [Object] the engine's task handler
        def initialize(run, task, handler)
          @run = run
          @task = task
          @handler = handler
          @steps = {}
          @executed = Executed.new
        end

        # Loads the steps, creating what the templates ask for and the task lacks.
        #
        # @param view [SessionView]
        # @yieldreturn [SessionView] after the engine has created steps or edges
        # @return [void]
        def load(view)
          adopt(rows, view)
          unless complete?
            ::Tasker::WorkflowStep.get_steps_for_task(@task, @handler.step_templates)
            adopt(rows, yield)
          end
          by_name = @steps.each_value.reverse_each.to_h { |step| [step.name, step] }
          @sequence_steps = @handler.step_templates.map { |template| by_name.fetch(template.name) }
        end

        # @return [Set<Integer>] the steps of the templates that Rails does not execute
        def external
          @external ||= @handler.step_templates.zip(@sequence_steps).filter_map do |template, step|
            step.workflow_step_id if ExternalSteps.executor(template.handler_config)
          end.to_set
        end

        # @param id [Integer]
        # @return [Tasker::WorkflowStep, nil] the step of the sequence
        def step(id) = @steps[id]

        # @param id [Integer]
        # @return [Tasker::WorkflowStep, nil] the step as it was executed last, else the
        #   step of the sequence
        def latest(id) = @executed[id] || @steps[id]

        # @param ids [Array<Integer>]
        # @return [Array<Tasker::WorkflowStep>] those of them that the templates name, to
        #   be executed
        def runnable(ids)
          @runnable ||= @sequence_steps.to_set(&:workflow_step_id)
          ids.filter_map { |id| @steps[id] if @runnable.include?(id) }
             .map { |step| executable(step.class.allocate.init_with_attributes(attributes_of(step))) }
        end

        # Reads a step anew, to be written in place of an object that belongs to a handler
        # which was given up.
        #
        # @param id [Integer]
        # @return [Tasker::WorkflowStep]
        def reread(id) = executable(::Tasker::WorkflowStep.find(id))

        # Reads steps again whose rows were changed by others, into the same objects.
        #
        # @param ids [Array<Integer>]
        # @param executed [Tasker::WorkflowStep, nil] the object on which one of them is
        #   being executed
        # @return [void]
        def reload(ids, executed: nil)
          return if ids.empty?

          ::Tasker::WorkflowStep.where(workflow_step_id: ids).each do |fresh|
            id = fresh.workflow_step_id
            @executed.settled(id)
            give(fresh, @steps[id])
            give(fresh, executed) if executed&.workflow_step_id == id
          end
        end

        # Notes that the object on which a step was executed is as the database has it.
        #
        # @param step [Tasker::WorkflowStep]
        # @return [void]
        def executed(step) = @executed.unsettled(step)

        # Shows in the sequence what became of the steps that were executed.
        #
        # @return [void]
        def settle = @executed.settle { |step| give(step, @steps[step.workflow_step_id]) }

        # Makes the objects the run's no longer.
        #
        # @return [void]
        def release
          owned = (@steps.values + @executed.all).select { |step| step.instance_variable_defined?(Run::OWNER) }
          owned.each { |step| step.remove_instance_variable(Run::OWNER) }
        end

        private

        # By id, so that of two steps of one name the first counts, as in the engine.
        def rows
          ::Tasker::WorkflowStep.where(task_id: @task.task_id).includes(:named_step).order(:workflow_step_id).to_a
        end

        def adopt(steps, view)
          @steps = steps.to_h { |step| [step.workflow_step_id, step] }
          @steps.each_value { |step| prepare(step) }
          link(view.edges)
        end

        # An object with what the sequence's object has, apart from attributes.
        def executable(step)
          of_sequence = @steps.fetch(step.workflow_step_id)
          step.association(:named_step).target = of_sequence.named_step
          parents = of_sequence.association(:parents)
          step.association(:parents).target = parents.target if parents.loaded?
          @executed.add(step)
          prepare(step)
        end

        def give(from, to)
          to&.instance_variable_set(:@attributes, attributes_of(from))
        end

        # As a new read of the row would give them: sharing no value, nothing dirty.
        def attributes_of(step)
          step.instance_variable_get(:@attributes).map do |attribute|
            attribute.with_value_from_database(attribute.original_value_for_database)
          end
        end

        def prepare(step)
          step.instance_variable_set(Run::OWNER, @run)
          step.association(:task).target = @task
          step
        end

        # Gives each step its parents, where all of them are steps of this task.
        def link(edges)
          @edges = edges
          parents = edges.group_by(&:last).transform_values { |pairs| pairs.map { |parent, _| @steps[parent] } }
          @steps.each do |id, step|
            found = parents.fetch(id, [])
            step.association(:parents).target = found if found.all?
          end
        end

        # Whether every template has its step and every dependency its edge.
        def complete?
          by_name = @steps.each_value.reverse_each.to_h { |step| [step.name, step.workflow_step_id] }
          pairs = @edges.to_set
          @handler.step_templates.all? do |template|
            by_name.key?(template.name) && template.all_dependencies.all? do |name|
              pairs.include?([by_name[name], by_name[template.name]])
            end
          end
        end
      end

      # What a session shows after a strict read (go/wire/session.go).
      #
      # @!attribute [r] session
      #   @return [Integer] its handle
      # @!attribute [r] task_state
      #   @return [String]
      # @!attribute [r] states
      #   @return [Hash{Integer => String}] by step id
      # @!attribute [r] changed
      #   @return [Array<Integer>] steps whose row or state the session did not know
      # @!attribute [r] edges
      #   @return [Array<Array(Integer, Integer)>] parent and child
      SessionView = Struct.new(:session, :task_state, :states, :changed, :edges) do
        def self.from_wire(fields)
          session, task_state, ids, states, changed, parents, children = fields
          new(session, task_state, ids.zip(states).to_h, changed, parents.zip(children))
        end
      end
    end
  end
end
