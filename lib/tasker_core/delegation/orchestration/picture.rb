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
          @rows = {}
          @executed = Executed.new
        end

        # Loads the steps, creating what the templates ask for and the task lacks.
        #
        # @param view [SessionView]
        # @yieldreturn [SessionView] after the engine has created steps or edges
        # @return [void]
        def load(view)
          adopt(view)
          unless complete?
            ::Tasker::WorkflowStep.get_steps_for_task(@task, @handler.step_templates)
            adopt(yield)
          end
          by_name = ids_by_name
          @sequence_steps = @handler.step_templates.map { |template| @steps[by_name.fetch(template.name)] }
        end

        # @return [Set<Integer>] the steps of the templates that Rails does not execute
        def external
          @external ||= @handler.step_templates.zip(@sequence_steps).filter_map do |template, step|
            step.workflow_step_id if ExternalSteps.executor(template.handler_config)
          end.to_set
        end

        # @param id [Integer]
        # @return [Tasker::WorkflowStep, nil] the step of the sequence, to be changed
        def step(id) = @steps[id]&.tap { |step| lend([step]) }

        # Notes steps of the sequence that somebody may change.
        #
        # @param steps [Array<Tasker::WorkflowStep>]
        # @return [void]
        def lend(steps) = @executed.lend(steps)

        # @return [Tasker::Types::StepSequence]
        def sequence
          ::Tasker::Types::StepSequence.new(steps: @sequence_steps).tap do |sequence|
            sequence.instance_variable_set(LentSteps::PICTURE, self)
          end
        end

        # @param id [Integer]
        # @return [Tasker::WorkflowStep, nil] the step as it was executed last, else the
        #   step of the sequence
        def latest(id) = @executed[id] || @steps[id]

        # @param ids [Array<Integer>]
        # @return [Array<Tasker::WorkflowStep>] those of them that the templates name, to
        #   be executed
        def runnable(ids)
          @runnable ||= @sequence_steps.to_set(&:workflow_step_id)
          ids.filter_map { |id| executable(object(id)) if @runnable.include?(id) }
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

          read(::Tasker::WorkflowStep.where(workflow_step_id: ids)).each do |id, row|
            @rows[id] = row
            @executed.settled(id)
            show(id) if @steps.key?(id)
            Attributes.give(executed, row) if executed&.workflow_step_id == id
          end
          show_parents(executed) if executed
        end

        # Notes the row of a step as this run has written it.
        #
        # @param step [Tasker::WorkflowStep] the object on which it was executed
        # @param row [Hash{String => Object}]
        # @return [void]
        def wrote(step, row)
          @rows[step.workflow_step_id] = row
          @executed.unsettled(step)
        end

        # Shows in the sequence what became of the steps that were executed, and nothing
        # of what handlers left in its objects: the engine makes them anew on each turn.
        #
        # @return [void]
        def settle
          saved = []
          @executed.settle do |step|
            saved.concat(saved_with(step))
            show(step.workflow_step_id)
          end
          used = @executed.lent.select { |step| Attributes.used?(step) && @steps[step.workflow_step_id].equal?(step) }
          saved.concat(used.select { |step| outdated?(step, @shown) })
          reload(saved.map(&:workflow_step_id).uniq)
          renew(used) if used.any?
        end

        # Makes the objects the run's no longer.
        #
        # @return [void]
        def release
          (@steps.values + @executed.all).each { |step| disown(step) }
        end

        private

        # New objects in place of those.
        def renew(steps)
          steps.each do |step|
            disown(step)
            @executed.renewed(step)
            @steps[step.workflow_step_id] = own(object(step.workflow_step_id))
            show(step.workflow_step_id)
          end
          @sequence_steps = @sequence_steps.map { |step| @steps[step.workflow_step_id] }
        end

        # What a handler may have saved beside its step: parents, and the sequence's object
        # of the step itself.
        def saved_with(step)
          parents = step.association(:parents).target.select { |parent| @steps.key?(parent.id) }
          twin = @steps[step.workflow_step_id]
          parents.select { |parent| outdated?(parent, @rows) } + [twin].select { |own| outdated?(own, @shown) }
        end

        def outdated?(step, rows) = Attributes.outdated?(step, rows[step.workflow_step_id])

        # Gives the sequence's object of a step the row that the run knows.
        def show(id) = Attributes.give(@steps[id], @shown[id] = @rows[id])

        # @return [Hash{Integer => Hash}] rows by step id
        def read(steps)
          found = steps.klass.connection.select_all(steps.arel, "#{steps.klass.name} Load")
          found.to_h { |row| [row['workflow_step_id'], row] }
        end

        # By id, so that of two steps of one name the first counts, as in the engine.
        def adopt(view)
          @rows = read(::Tasker::WorkflowStep.where(task_id: @task.task_id).order(:workflow_step_id))
          @steps = @rows.transform_values { |row| ::Tasker::WorkflowStep.instantiate(row) }
          @names = ::Tasker::NamedStep.where(named_step_id: @rows.values.map { |row| row['named_step_id'] }.uniq)
                                      .index_by(&:named_step_id)
          @shown = @rows.dup
          @steps.each_value { |step| own(step) }
          @edges = view.edges
          @parents = @edges.group_by(&:last).transform_values { |pairs| pairs.map(&:first) }
        end

        # Gives the object on which a step is executed its name, its task and, where all
        # of them are steps of this task, its parents, so that nothing of it is read.
        def executable(step)
          own(step)
          step.association(:task).target = @task
          step.association(:named_step).target = @names[step.named_step_id]
          show_parents(step)
          @executed.add(step)
          step
        end

        # Objects for this step alone: what its handler does to them stays with it.
        def show_parents(step)
          ids = @parents.fetch(step.workflow_step_id, [])
          return unless ids.all? { |id| @steps.key?(id) }

          step.association(:parents).target = ids.map { |id| named(object(id)) }
        end

        def object(id) = Attributes.object(@steps[id].class, @rows[id])

        def own(step)
          step.instance_variable_set(Run::OWNER, @run)
          named(step)
        end

        def named(step)
          step.instance_variable_set(KnownName::KNOWN, @names[step.named_step_id]&.name)
          step
        end

        def disown(step)
          [Run::OWNER, KnownName::KNOWN].each do |name|
            step.remove_instance_variable(name) if step.instance_variable_defined?(name)
          end
        end

        def ids_by_name = @steps.values.reverse.to_h { |step| [step.name, step.workflow_step_id] }

        # Whether every template has its step and every dependency its edge.
        def complete?
          by_name = ids_by_name
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
