# frozen_string_literal: true

module TaskerCore
  module Engine
    module PublisherHooks
      # Decides which of the several events that the engine publishes for one change is kept. Their
      # payloads differ, so no event has to be remembered: the catalogue lists the fields that only
      # the kept event has. The order does not change.
      module Deduplication
        # The rule for an event: fields, of which the kept event has at least one; and whether the
        # others are duplicates only while the finalizer is at work, because elsewhere the
        # transition publishes the only event.
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

          # The failure event that is kept lacks one field that the dropped events have.
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
