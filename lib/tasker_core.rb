# frozen_string_literal: true

require_relative 'tasker_core/version'
require_relative 'tasker_core/native/errors'
require_relative 'tasker_core/configuration'
require_relative 'tasker_core/native/library'
require_relative 'tasker_core/native/unclosed_handles'
require_relative 'tasker_core/native/core'
require_relative 'tasker_core/events/relay'
require_relative 'tasker_core/events/log_consumer'
require_relative 'tasker_core/events/publishing'
require_relative 'tasker_core/client/client'
require_relative 'tasker_core/native/function_versions'
require_relative 'tasker_core/native/host_connection'
require_relative 'tasker_core/client/pool_client'
require_relative 'tasker_core/report'
require_relative 'tasker_core/engine/failover'
require_relative 'tasker_core/telemetry/filter'
require_relative 'tasker_core/telemetry/tracing'
require_relative 'tasker_core/telemetry/process_settings'
require_relative 'tasker_core/engine/shadow'
require_relative 'tasker_core/engine/engine'
require_relative 'tasker_core/operations/doctor'
require_relative 'tasker_core/telemetry/stats'
require_relative 'tasker_core/telemetry/engine_metrics'
require_relative 'tasker_core/engine/external/external_step_handler'
require_relative 'tasker_core/engine/external/listener'
require_relative 'tasker_core/operations/stuck_reset'
require_relative 'tasker_core/operations/verification'
require_relative 'tasker_core/operations/watch'

# The Go core for the Tasker workflow engine.
#
# In Rails, config/initializers/tasker_core.rb sets a switch for each capability:
#
#   TaskerCore.configure { |c| c.dependency_resolution = :active }
#
# Any Ruby program with an Active Record connection can call the operations:
#
#   TaskerCore.on(ActiveRecord::Base.connection).viable_steps(task_id)
module TaskerCore
  class << self
    # @return [Configuration] the settings of this process
    def configuration
      @configuration ||= Configuration.new
    end

    # Changes settings and applies them.
    #
    # @yieldparam config [Configuration]
    # @return [Configuration]
    # @raise [ConfigurationError] if a setting does not accept its new value
    def configure
      yield configuration
      configuration.apply
      configuration
    end

    # Returns a client that runs its statements on the caller's connection, inside any transaction
    # that is open there. It opens no connection of its own.
    #
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    # @return [Client] use it on one thread at a time
    # @raise [Unavailable] if this process has no native library
    # @raise [InvalidArgument] if the argument is not an Active Record connection
    def on(connection)
      core = Core.current
      unless connection.respond_to?(:prepared_statements)
        raise InvalidArgument.new("a #{connection.class} is not a connection; pass an Active Record connection such " \
                                  'as ActiveRecord::Base.connection', code: 'invalid_argument')
      end

      Client.new(core, HostConnection.new(connection))
    end

    # @return [Symbol] :native if the Go core is available in this process, :ruby if the engine's
    #   own code does the work
    def implementation = Library.available? ? :native : :ruby

    # @return [String, nil] why the Go core is not available in this process; nil if it is
    def unavailable_reason = Library.unavailable_reason
  end
end

TaskerCore.autoload :LogSubscriber, File.join(__dir__, 'tasker_core/telemetry/log_subscriber')
require_relative 'tasker_core/rails/railtie' if defined?(Rails::Railtie)
