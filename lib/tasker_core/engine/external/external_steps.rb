# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The steps that workers outside of Rails execute: their templates name an executor in
      # handler_config. A run leaves them alone, and notifies the workers when they can run.
      class ExternalSteps
        # The executor name that stands for Rails.
        RAILS = 'ruby'

        # The channel on which workers listen (go/store/external.go).
        CHANNEL = 'tasker_core_ready'

        class << self
          # @param config [Object] a template's handler_config
          # @return [String, nil] the executor of the step; nil for Rails
          def executor(config)
            name = config.is_a?(Hash) ? (config[:executor] || config['executor']).to_s : ''
            name unless name.empty? || name == RAILS
          end

          # @param handler [Object] a task handler
          # @return [Array<String>] the names of its external steps
          def names(handler)
            handler.step_templates.filter_map { |template| template.name if executor(template.handler_config) }
          end

          # @param task [Tasker::Task]
          # @return [Array<String>] the names of its external steps; [] if no handler is registered
          def names_of(task)
            names(::Tasker::HandlerFactory.instance.get(task.name, namespace_name: task.namespace_name,
                                                                   version: task.version))
          rescue ::Tasker::ProceduralError
            []
          end

          # @param task [Tasker::Task]
          # @param names [Array<String>]
          # @return [ActiveRecord::Relation] the task's steps with these names
          def of(task, names)
            ::Tasker::WorkflowStep.where(task_id: task.task_id,
                                         named_step_id: ::Tasker::NamedStep.where(name: names).select(:named_step_id))
          end

          # Excludes external steps for the engine's own loop.
          #
          # @param task [Tasker::Task]
          # @param viable [ActiveRecord::Relation]
          # @return [ActiveRecord::Relation]
          def without(task, viable)
            names = Runner.active? ? names_of(task) : []
            names.empty? ? viable : viable.where.not(workflow_step_id: of(task, names).pluck(:workflow_step_id))
          end
        end

        # @param run [Run]
        def initialize(run)
          @run = run
          @ids = Set.new
          @offered = Set.new
        end

        # @param templates [Array<Tasker::Types::StepTemplate>]
        # @param steps [StepObjects]
        # @return [Set<Integer>] the steps that Rails does not execute
        def find(templates, steps)
          ids = steps.ids
          @ids = templates.filter_map { |one| ids[one.name] if self.class.executor(one.handler_config) }.to_set
        end

        # Takes the external steps out of those that can run now.
        #
        # @param ready [Array<Integer>]
        # @return [Array<Integer>]
        def leave(ready)
          return ready if @ids.empty?

          theirs, ours = ready.partition { |id| @ids.include?(id) }
          offer(theirs)
          ours
        end

        # @param ready [Array<Integer>] the steps that can run now, external or not
        # @param states [Hash{Integer => String}] by step
        # @return [Boolean] whether workers are executing, or will execute, a step
        def outstanding?(ready, states)
          @ids.any? { |id| ready.include?(id) || %w[in_progress error].include?(states[id]) }
        end

        # @param states [Hash{Integer => String}] by step
        # @return [Boolean] whether a step that Rails executes has failed
        def failed_beside?(states) = states.any? { |id, state| state == 'error' && !@ids.include?(id) }

        private

        # Announces each step once in a run, because workers also poll.
        def offer(steps)
          fresh = steps.reject { |id| @offered.include?(id) }
          return if fresh.empty?

          @offered.merge(fresh)
          ::Tasker::ApplicationRecord.connection.exec_query('SELECT pg_notify($1, $2)::text', 'TaskerCore notify',
                                                            [CHANNEL, @run.snapshot.task_id.to_s])
        end
      end
    end
  end
end
