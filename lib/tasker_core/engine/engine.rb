# frozen_string_literal: true

module TaskerCore
  # The gem tasker-engine in this process, and what is put under it: modules that are prepended
  # to its classes, so that the core answers behind the engine's own methods. Callers
  # and subclasses see the same methods, the same classes and the same answers;
  # specs that stub these methods go on working.
  #
  # The switches are asked at each call, so :off after :active means the engine's
  # own method again. What an application never switches on is not touched at all.
  module Engine
    # Loaded when the engine is there: they stand on Active Model and Active Record,
    # which the gem itself does not need.
    { Arguments: 'reads/arguments', LazyAttributes: 'reads/lazy_attributes',
      Answers: 'reads/answers', StepReadiness: 'reads/step_readiness',
      ExecutionContext: 'reads/execution_context', DependencyLevels: 'reads/dependency_levels',
      StepDag: 'reads/step_dag', BoundedDag: 'reads/bounded_dag', KnownFunctions: 'reads/known_functions',
      Analytics: 'reads/analytics', States: 'states', Runner: 'runner',
      PublisherHooks: 'publisher_hooks' }.each do |name, file|
      autoload name, File.join(__dir__, file)
    end

    # What each switch puts under the engine. A run uses the state machines too.
    CAPABILITIES = {
      dependency_resolution: %i[StepReadiness ExecutionContext DependencyLevels StepDag Analytics],
      state_transitions: %i[States],
      orchestration: %i[States Runner]
    }.freeze
    # Where a thread (a fiber of it) keeps that it asks the engine alone.
    SWITCHED_OFF = :tasker_core_switched_off
    # What to do where the engine is missing.
    ADVICE = "Add gem 'tasker-engine' to the Gemfile and run bundle install."
    private_constant :CAPABILITIES, :SWITCHED_OFF

    class << self
      # @return [Boolean] whether the engine's models can be named
      def here? = defined?(::Tasker::ApplicationRecord) ? true : false

      # @param what [String] needs the engine
      # @return [void]
      # @raise [EngineMissing] where it is not here
      def demand(what)
        return if here?

        raise EngineMissing.new("#{what} works on the models of the Tasker engine, and the gem tasker-engine is not " \
                                "loaded in this process. #{ADVICE}", code: 'engine_missing')
      end

      # @param what [String] needs the engine
      # @return [ActiveRecord::ConnectionAdapters::AbstractAdapter] of its models
      # @raise [EngineMissing]
      def connection(what)
        demand(what)
        ::Tasker::ApplicationRecord.connection
      end

      # Runs a block in which the engine's own methods answer on this thread, whatever the
      # switches say. Other threads notice nothing.
      #
      # @yieldreturn [Object]
      # @return [Object] the same
      def switched_off
        before = Thread.current[SWITCHED_OFF]
        Thread.current[SWITCHED_OFF] = true
        yield
      ensure
        Thread.current[SWITCHED_OFF] = before
      end

      # @return [Boolean] whether this thread asks the engine alone
      def switched_off? = Thread.current[SWITCHED_OFF] || false

      # Prepends to what is loaded of the engine. Doing it again changes nothing.
      #
      # @param configuration [Configuration]
      # @return [Boolean] whether the engine was there
      def apply(configuration = TaskerCore.configuration)
        return false unless engine_loaded?

        StepDag.forget_statements
        CAPABILITIES.each do |switch, parts|
          parts.each { |part| const_get(part).apply } unless configuration.public_send(switch) == :off
        end
        PublisherHooks.apply if PublisherHooks.wanted?(configuration)
        true
      end

      # @return [Boolean] whether the engine's classes can be named now. In a Rails application
      #   that boots they cannot before its first to_prepare.
      def engine_loaded?
        application = defined?(Rails) && Rails.respond_to?(:application) && Rails.application
        return false if application && !application.initialized? && !@prepared

        defined?(::Tasker::Functions::FunctionWrapper) ? true : false
      end

      # Applies the settings from the railtie's to_prepare, where the engine's
      # reloadable classes can be named although the application still boots. Settings
      # that are made later, in an after_initialize too, are applied at once.
      #
      # @return [Boolean] see apply
      def prepare
        @prepared = true
        apply
      end

      # Answers a read as the capability's switch says.
      #
      # @param capability [Symbol]
      # @param owner [Class] whose method was called
      # @param method [Symbol]
      # @param arguments [Array]
      # @param engine [Proc] the engine's own method
      # @yieldreturn [Object] the core's answer
      # @return [Object] what the caller gets
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
