# frozen_string_literal: true

module Tasker
  # Stands in for lib/tasker/types: values with defaults.
  module Types
    # A struct whose missing members have defaults.
    def self.value(**defaults)
      Struct.new(*defaults.keys, keyword_init: true) do
        define_method(:initialize) { |**given| super(**defaults, **given) }
      end
    end

    # A struct over a hash of attributes, as Dry::Struct has them.
    class StepSequence
      attr_reader :attributes

      def self.load(attributes) = allocate.tap { |sequence| sequence.send(:initialize, attributes) }

      def self.new(attributes) = load(attributes)

      def initialize(attributes)
        @attributes = attributes
      end

      def steps = @attributes[:steps]

      def find_step_by_name(name) = WorkflowStep.find_step_by_name(steps, name)
    end

    class StepTemplate < value(name: nil, handler_class: nil, dependent_system: 'unknown', description: nil,
                               default_retryable: true, default_retry_limit: 3, skippable: false,
                               handler_config: nil, depends_on_step: nil, depends_on_steps: [], custom_events: [])
      def all_dependencies = [depends_on_step, *depends_on_steps].compact.uniq
    end

    class TaskRequest < value(name: nil, namespace: 'default', version: '0.1.0', context: {}, status: 'pending',
                              initiator: 'unknown', source_system: 'unknown', reason: 'unknown', complete: false,
                              tags: [], bypass_steps: [], requested_at: nil)
      def requested_at = super || (self.requested_at = Time.zone.now)
    end
  end
end
