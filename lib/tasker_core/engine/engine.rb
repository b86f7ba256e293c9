# frozen_string_literal: true

module TaskerCore
  # The tasker-engine gem in this process, and the modules that are prepended to its classes so that
  # the core answers behind the engine's own methods. Callers and subclasses see the same methods,
  # classes and answers, and specs that stub these methods still work.
  #
  # The switches are read at each call, so :off after :active restores the engine's own method. If
  # an application never switches a capability on, its classes are not touched.
  #
  # @api private
  module Engine
    # Loaded with the engine, because these files need Active Model and Active Record, which the gem
    # itself does not.
    { Arguments: 'reads/arguments', LazyAttributes: 'reads/lazy_attributes',
      Answers: 'reads/answers', StepReadiness: 'reads/step_readiness',
      ExecutionContext: 'reads/execution_context', DependencyLevels: 'reads/dependency_levels',
      StepDag: 'reads/step_dag', BoundedDag: 'reads/bounded_dag', KnownFunctions: 'reads/known_functions',
      Analytics: 'reads/analytics', States: 'states', Runner: 'runner',
      PublisherHooks: 'publisher_hooks' }.each do |name, file|
      autoload name, File.join(__dir__, file)
    end

    # The modules behind each switch. A run uses the state machines too.
    CAPABILITIES = {
      dependency_resolution: %i[StepReadiness ExecutionContext DependencyLevels StepDag Analytics],
      state_transitions: %i[States],
      orchestration: %i[States Runner]
    }.freeze
    # The key of a thread's (or fiber's) flag for using only the engine.
    SWITCHED_OFF = :tasker_core_switched_off
    # The advice for a missing engine.
    ADVICE = "Add gem 'tasker-engine' to the Gemfile and run bundle install."
    private_constant :CAPABILITIES, :SWITCHED_OFF

    class << self
      # @return [Boolean] whether the engine's models are loaded
      def here? = defined?(::Tasker::ApplicationRecord) ? true : false

      # @param what [String] the operation that needs the engine
      # @return [void]
      # @raise [EngineMissing] if the engine is not loaded
      def demand(what)
        return if here?

        raise EngineMissing.new("#{what} needs the models of the Tasker engine, and the gem tasker-engine is not " \
                                "loaded in this process. #{ADVICE}", code: 'engine_missing')
      end

      # @param what [String] the operation that needs the engine
      # @return [ActiveRecord::ConnectionAdapters::AbstractAdapter] the connection of the engine's
      #   models
      # @raise [EngineMissing] if the engine is not loaded
      def connection(what)
        demand(what)
        ::Tasker::ApplicationRecord.connection
      end

      # Runs a block in which the engine's own methods answer on this thread, whatever the switches
      # are. Other threads are not affected.
      #
      # @yieldreturn [Object]
      # @return [Object] the block's value
      def switched_off
        before = Thread.current[SWITCHED_OFF]
        Thread.current[SWITCHED_OFF] = true
        yield
      ensure
        Thread.current[SWITCHED_OFF] = before
      end

      # @return [Boolean] whether this thread uses only the engine
      def switched_off? = Thread.current[SWITCHED_OFF] || false

      # Prepends the modules to the loaded classes of the engine. Further calls change nothing.
      #
      # @param configuration [Configuration]
      # @return [Boolean] whether the engine is loaded
      def apply(configuration = TaskerCore.configuration)
        return false unless engine_loaded?

        StepDag.forget_statements
        CAPABILITIES.each do |switch, parts|
          parts.each { |part| const_get(part).apply } unless configuration.public_send(switch) == :off
        end
        PublisherHooks.apply if PublisherHooks.wanted?(configuration)
        true
      end

      # @return [Boolean] whether the engine's classes can be used now. While a Rails application
      #   boots, they cannot before its first to_prepare.
      def engine_loaded?
        application = defined?(Rails) && Rails.respond_to?(:application) && Rails.application
        return false if application && !application.initialized? && !@prepared

        defined?(::Tasker::Functions::FunctionWrapper) ? true : false
      end

      # Applies the settings from the railtie's to_prepare, when the engine's reloadable classes can
      # be used although the application is still booting. Settings that change later, for example
      # in an after_initialize, take effect at once.
      #
      # @return [Boolean] see #apply
      def prepare
        @prepared = true
        apply
      end

      # Answers a read as the capability's switch says: from the engine, the core, or both.
      #
      # @param capability [Symbol]
      # @param owner [Class] the class whose method was called
      # @param method [Symbol]
      # @param arguments [Array]
      # @param engine [Proc] the engine's own method
      # @yieldreturn [Object] the core's answer
      # @return [Object] the answer for the caller
      def read(capability, owner, method, arguments, engine, &core)
        case TaskerCore.configuration.public_send(capability)
        when :active then Failover.read(capability, "#{owner.name}.#{method}", engine, &core)
        when :shadow then Shadow.read(capability, "#{owner.name}.#{method}", arguments, engine, &core)
        else engine.call
        end
      end
    end
  end
end
