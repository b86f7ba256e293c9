# frozen_string_literal: true

module TaskerCore
  # Completes a core's settings with what it needs of its process: the OTEL_ variables, the
  # engine's service name and the application's parameter filter.
  module ProcessSettings
    class << self
      # @param settings [Hash{String => Object}] see go/config
      # @return [Hash{String => Object}]
      def complete(settings)
        settings = settings.merge('log_destination' => 'queue') if settings['log_destination'].to_s == 'rails'
        { **tracing(settings), **filter }.merge(settings)
      end

      private

      # The environment as it is now: the core's runtime knows the one that the process
      # began with, and a .env file is read later.
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
