# frozen_string_literal: true

# Who listens to the engine's events while a run is measured: the engine's own
# OpenTelemetry subscriber, a subscriber of the application on every event, both or
# nobody.
module Listeners
  class << self
    # Sets up OpenTelemetry as an application does, whose engine then attaches its
    # subscriber when it starts. Spans are made, batched and thrown away.
    #
    # @return [Boolean] whether OpenTelemetry is here
    def set_up_telemetry
      require 'opentelemetry/sdk'
      export = OpenTelemetry::SDK::Trace::Export
      OpenTelemetry::SDK.configure do |config|
        config.service_name = 'bench'
        config.add_span_processor(export::BatchSpanProcessor.new(export::SpanExporter.new))
      end
      true
    rescue LoadError
      false
    end

    # Once the engine has started, and before anybody else subscribes.
    def prepare
      @engines = lists.transform_values(&:dup)
      events.each { |event| Tasker::Events::Publisher.instance.subscribe(event) { |_| @heard += 1 } }
      @heard = 0
      @applications = lists.to_h { |event, list| [event, list - @engines.fetch(event, [])] }
      set(telemetry: false, application: false)
    end

    # @return [Boolean] whether the engine has subscribers of its own
    def engines? = @engines.values.any?(&:any?)

    def set(telemetry:, application:)
      lists.each do |event, list|
        list.replace([*(@engines[event] if telemetry), *(@applications[event] if application)])
      end
    end

    private

    def lists
      found = {}
      Tasker::Events::Publisher.instance.__bus__.listeners.each_pair { |event, list| found[event] = list }
      found
    end

    # @return [Array<String>] the engine's events of tasks, steps and workflows
    def events
      groups = %i[TaskEvents StepEvents WorkflowEvents].map { |name| Tasker::Constants.const_get(name) }
      if Tasker::Constants.const_defined?(:ObservabilityEvents)
        observed = Tasker::Constants::ObservabilityEvents
        groups.push(observed::Task, observed::Step)
      end
      groups.flat_map { |group| group.constants.map { |name| group.const_get(name) } }.grep(String).uniq
    end
  end
end
