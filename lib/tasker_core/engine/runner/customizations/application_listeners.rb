# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Tells an application's event listeners from the engine's own. An application's listener may
      # write rows in the transaction of a transition, or cancel a step before it is claimed. If
      # there is one, a run writes as the engine does.
      module ApplicationListeners
        # The events that the engine publishes between the completion of a step and the claim of the
        # next one.
        BETWEEN_STEPS = %w[step.completed workflow.steps_execution_completed workflow.viable_steps_discovered
                           workflow.steps_execution_started step.execution_requested].freeze

        # All that is published from the end of a step to the next turn, or to the end of the loop.
        IN_A_TURN = (BETWEEN_STEPS + %w[step.failed step.retry_requested workflow.no_viable_steps]).freeze

        @foreign = ObjectSpace::WeakMap.new

        class << self
          # @param events [Array<String>]
          # @return [Boolean] whether the application listens to one of them now
          def listens?(events)
            listeners = ::Tasker::Events::Publisher.instance.__bus__.listeners
            events.any? { |event| listeners[event].any? { |listener, _filter| foreign?(listener) } }
          end

          private

          # Decided once for each listener.
          def foreign?(listener)
            known = @foreign[listener]
            known.nil? ? @foreign[listener] = !engines?(listener) : known
          end

          # The receiver of a block that was made from a method is that method's object.
          def engines?(listener)
            receiver = listener.is_a?(Method) ? listener.receiver : listener.binding.receiver
            engines_file?(listener.source_location&.first) && unmodified?(receiver)
          rescue ArgumentError
            false
          end

          def unmodified?(receiver)
            model = receiver.class
            engines_class?(model) && receiver.singleton_methods(false).empty? && model.ancestors.first.equal?(model) &&
              (model.instance_methods(false) + model.private_instance_methods(false)).all? do |name|
                place = model.instance_method(name).source_location
                place.nil? || engines_file?(place.first)
              end
          end

          def engines_class?(model) = model.name && engines_file?(Object.const_source_location(model.name)&.first)

          # The engine's listeners are in the folder of its publisher.
          def engines_file?(path) = path.to_s.start_with?(folder)

          def folder
            @folder ||= File.join(File.dirname(Object.const_source_location('Tasker::Events::Publisher').first), '')
          end
        end
      end
    end
  end
end
