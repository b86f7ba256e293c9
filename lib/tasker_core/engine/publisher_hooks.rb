# frozen_string_literal: true

require_relative 'publisher_hooks/deduplication'
require_relative 'publisher_hooks/bridge'

module TaskerCore
  module Engine
    # Hooks on the engine's event publisher, for removing duplicates and for forwarding events to
    # the core. With none of these settings on, the publisher is not touched.
    module PublisherHooks
      # Prepended to Tasker::Events::Publisher.
      module Publisher
        def publish(name, payload = {})
          return super unless PublisherHooks.active?

          name = name.to_s
          payload = Deduplication.kept(name, payload) if PublisherHooks.deduplicate?
          return unless payload

          Bridge.forward(name, payload)
          super
        end
      end

      # Prepended to Tasker::Orchestration::TaskFinalizer, which publishes the end of a task itself
      # after the transition has published it.
      module Finalizer
        KEY = :tasker_core_finalizing
        private_constant :KEY

        # @return [Boolean] whether this thread is ending a task and will publish that
        def self.at_work? = Thread.current[KEY] ? true : false

        def self.announced
          before = Thread.current[KEY]
          Thread.current[KEY] = true
          yield
        ensure
          Thread.current[KEY] = before
        end

        def complete_task(...) = Finalizer.announced { super }

        def error_task(...) = Finalizer.announced { super }
      end

      class << self
        # @return [void]
        def apply
          ::Tasker::Events::Publisher.prepend(Publisher)
          ::Tasker::Orchestration::TaskFinalizer.prepend(Finalizer)
        end

        # @param configuration [Configuration]
        # @return [Boolean] whether a setting needs the publisher
        def wanted?(configuration)
          configuration.deduplicate_events || configuration.event_bridge || configuration.event_relay
        end

        # @return [Boolean] whether there is anything to do
        def active? = wanted?(TaskerCore.configuration)

        # @return [Boolean]
        def deduplicate? = TaskerCore.configuration.deduplicate_events
      end
    end
  end
end
