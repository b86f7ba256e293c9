# frozen_string_literal: true

module TaskerCore
  module Engine
    module PublisherHooks
      # Tells which of the events that the engine publishes for one happening is the one
      # to keep. They differ in their payloads, so no event has to be remembered: the
      # catalogue says which fields only the kept one has. Nothing is reordered.
      module Deduplication
        # Of an event: the fields of which the kept one has one at least; and whether
        # others are duplicates only while the finalizer is at work, since elsewhere a
        # transition is the only one to tell.
        Rule = Data.define(:fields, :finalizer)

        class << self
          # @param name [String]
          # @param payload [Hash{Symbol => Object}]
          # @return [Hash{Symbol => Object}, nil] the payload to publish; nil for a duplicate
          def kept(name, payload)
            rule = rules[name]
            return payload unless rule
            return complete(name, payload) if rule.fields.any? { |field| payload.key?(field) }

            payload if rule.finalizer && !Finalizer.at_work?
          end

          private

          def rules
            @rules ||= TaskerCore.events.kept.transform_values do |kept|
              Rule.new(fields: kept['with'].map(&:to_sym), finalizer: kept['in'] == 'finalizer')
            end.freeze
          end

          # The failure that is kept lacks one field that the dropped ones had.
          def complete(name, payload)
            return payload unless name == 'step.failed' && !payload.key?(:error_class)

            results = payload[:step_results]
            results.is_a?(Hash) && results['error_class'] ? { **payload, error_class: results['error_class'] } : payload
          end
        end
      end
    end
  end
end
