# frozen_string_literal: true

module TaskerCore
  # Completes a core's settings with values of its process: the OTEL_ variables, the engine's
  # service name and the application's parameter filter.
  #
  # @api private
  module ProcessSettings
    class << self
      # @param settings [Hash{String => Object}] see go/config
      # @return [Hash{String => Object}]
      def complete(settings)
        settings = settings.merge('log_destination' => 'queue') if settings['log_destination'].to_s == 'rails'
        { **tracing(settings), **filter }.merge(settings)
      end

      private

      # The current environment: the core's runtime only knows the environment in which the process
      # started, and a .env file is read later.
      def tracing(settings)
        return {} unless settings['tracing'].to_s == 'on'

        engine = ::Tasker.configuration.telemetry.service_name if defined?(::Tasker::Configuration)
        { 'environment' => ENV.select { |name, _| name.start_with?('OTEL_') },
          'fallback_service_name' => engine }.compact
      end

      def filter
        return {} unless defined?(::ActiveSupport::ParameterFilter)

        { 'log_filter' => Filter.current.for_core }
      end
    end
  end
end
