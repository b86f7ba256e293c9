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

# A Go core under the Tasker workflow engine.
#
# In Rails, config/initializers/tasker_core.rb switches capabilities on:
#
#   TaskerCore.configure { |c| c.dependency_resolution = :active }
#
# In any Ruby program with an Active Record connection:
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
    # @raise [ConfigurationError] if a switch gets a value that it does not know
    def configure
      yield configuration
      configuration.apply
      configuration
    end

    # A client whose statements run on a connection that the caller has, inside
    # whatever transaction is open there. It opens none of its own.
    #
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    # @return [Client] for this connection, to be used on one thread at a time
    # @raise [Unavailable] if there is no native library in this process
    # @raise [InvalidArgument] for what is no connection
    def on(connection)
      core = Core.current
      unless connection.respond_to?(:prepared_statements)
        raise InvalidArgument.new("a #{connection.class} is no connection; give one of Active Record, such as " \
                                  'ActiveRecord::Base.connection', code: 'invalid_argument')
      end

      Client.new(core, HostConnection.new(connection))
    end

    # @return [Symbol] :native where the Go core answers in this process, :ruby
    #   where it cannot and the engine's own code goes on
    def implementation = Library.available? ? :native : :ruby

    # @return [String, nil] why the Go core is not available in this process
    def unavailable_reason = Library.unavailable_reason
  end
end

TaskerCore.autoload :LogSubscriber, File.join(__dir__, 'tasker_core/telemetry/log_subscriber')
require_relative 'tasker_core/rails/railtie' if defined?(Rails::Railtie)
