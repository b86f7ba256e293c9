# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # Preloads the states of the tasks and steps that one response lists: the first read loads all
      # of them in one statement. It works inside an action of the engine's controllers or a GraphQL
      # execution, and clears its cache with any transition there. It serves only +status+;
      # current_state always reads the database.
      class StatusPreload
        KEY = :tasker_core_shown_together
        private_constant :KEY

        class << self
          # Prepends the modules to the engine's controllers, serializers and GraphQL types, if they
          # are loaded.
          #
          # @return [void]
          def apply
            [::Tasker::Task, ::Tasker::WorkflowStep].each { |model| model.prepend(Status) }
            if defined?(::Tasker::TaskSerializer)
              [::Tasker::TaskSerializer, ::Tasker::WorkflowStepSerializer].each { |one| one.prepend(Serializer) }
              [::Tasker::TasksController, ::Tasker::WorkflowStepsController].each { |one| one.prepend(Actions) }
            end
            apply_to_graphql if defined?(::Tasker::TaskerRailsSchema)
          end

          # @yieldreturn [Object] an answer that only reads
          def open
            outer = current
            self.current = new if TaskerCore.configuration.state_transitions == :active
            yield
          ensure
            self.current = outer
          end

          # Registers objects that the answer shows.
          #
          # @param objects [Enumerable<Tasker::Task, Tasker::WorkflowStep>]
          # @return [Enumerable] the same objects
          def note(objects)
            current&.note(objects)
            objects
          end

          # @return [String, nil] nil for an object that was not registered
          def state(object) = current&.state(object)

          # @return [void]
          def forget = current&.forget

          private

          def current = ActiveSupport::IsolatedExecutionState[KEY]

          def current=(collection)
            ActiveSupport::IsolatedExecutionState[KEY] = collection
          end

          def apply_to_graphql
            ::Tasker::TaskerRailsSchema.singleton_class.prepend(Execution)
            ::Tasker::GraphQLTypes::TaskType.prepend(Steps)
            queries = ::Tasker::Queries
            [queries::AllTasks, queries::TasksByStatus, queries::TasksByAnnotation].each { |one| one.prepend(Tasks) }
          end
        end

        def initialize = forget

        def forget
          @waiting = Hash.new { |kinds, kind| kinds[kind] = [] }
          @states = Hash.new { |kinds, kind| kinds[kind] = {} }
        end

        def note(objects)
          objects.each do |object|
            if object.is_a?(ActiveRecord::Base) && object.persisted?
              @waiting[MachineSpec.of_object(object)] << object.id
            end
          end
        end

        def state(object)
          spec = MachineSpec.of_object(object)
          read(spec) if @waiting[spec].include?(object.id)
          @states[spec][object.id]
        end

        private

        # The state of a step without an audit row is pending, as in its machine.
        def read(spec)
          ids = @waiting.delete(spec)
          rows = spec.transition_model.where(spec.key => ids, most_recent: true)
          found = spec.transition_model.uncached { rows.pluck(spec.key, :to_state) }.to_h
          ids.each do |id|
            state = found[id]
            @states[spec][id] = state.nil? || (spec.kind == 'step' && state.blank?) ? 'pending' : state
          end
        end

        # Prepended to Task and WorkflowStep.
        module Status
          # @return [String]
          def status = StatusPreload.state(self) || super
        end

        # Prepended to the serializers: all serializers of a list are created before the first one
        # is used.
        module Serializer
          def initialize(object, *)
            super
            StatusPreload.note([object])
          end
        end

        # Prepended to the controllers.
        module Actions
          def index = StatusPreload.open { super }
          def show = StatusPreload.open { super }
        end

        # Prepended to the GraphQL schema's class.
        module Execution
          def execute(...) = StatusPreload.open { super }
        end

        # Prepended to the GraphQL queries of tasks.
        module Tasks
          def resolve(...) = StatusPreload.note(super)
        end

        # Prepended to the GraphQL type of a task, whose object is a hash in the answer
        # of a mutation.
        module Steps
          def workflow_steps
            object.is_a?(Hash) ? object[:workflow_steps] : StatusPreload.note(object.workflow_steps)
          end
        end
      end
    end
  end
end
