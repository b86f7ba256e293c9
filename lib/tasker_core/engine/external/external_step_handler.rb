# frozen_string_literal: true

module TaskerCore
  # The handler class to name in the template of a step that a worker outside of Rails
  # executes:
  #
  #   - name: score
  #     handler_class: TaskerCore::ExternalStepHandler
  #     handler_config:
  #       executor: python
  #
  # It is never called while orchestration is the core's. Otherwise the engine calls
  # it like any handler, and it says what is missing.
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

      "Step #{name} is to be executed outside of Rails, which takes orchestration = :active (it is " \
        "#{TaskerCore.configuration.orchestration.inspect}) and the engine's own coordinator, executor, finalizer " \
        'and re-enqueuer.'
    end
  end
end
