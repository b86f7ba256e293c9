# frozen_string_literal: true

module TaskerCore
  # The handler class of steps that a worker outside of Rails executes. Name it in the step's
  # template:
  #
  #   - name: score
  #     handler_class: TaskerCore::ExternalStepHandler
  #     handler_config:
  #       executor: python
  #
  # With orchestration = :active it is never called. Otherwise the engine calls it as it calls any
  # handler, and it raises an error that says what is missing.
  class ExternalStepHandler
    # @param config [Hash, nil] the template's handler_config
    def initialize(config: nil)
      @config = config
    end

    # @raise [ConfigurationError] always
    def handle(_task, _sequence, step)
      raise ConfigurationError.new(message(step.name), code: 'configuration')
    end

    private

    def message(name)
      if Engine::Runner::ExternalSteps.executor(@config).nil?
        return "Step #{name} is not executed in Rails, but its template names no executor: add " \
               'handler_config: { executor: python }.'
      end

      "Step #{name} is to be executed outside of Rails. This needs orchestration = :active (it is " \
        "#{TaskerCore.configuration.orchestration.inspect}) and the engine's own coordinator, executor, finalizer " \
        'and re-enqueuer.'
    end
  end
end
