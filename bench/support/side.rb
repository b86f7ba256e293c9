# frozen_string_literal: true

require_relative 'application'
require_relative 'listeners'
require_relative 'one_query'
require_relative 'workflows'

# Boots one side of a comparison in a process of its own: the engine (its stand-in where it
# is not here), and the core where it is the core's side.
module Side
  class << self
    # @param column [String] engine, one_query or core
    # @param log [IO, String] where Rails.logger writes
    # @yield between loading the engine and starting the application
    def boot(column, log:, &)
      core = column == 'core'
      TaskerEngine.here? ? engine(core, log, &) : stand_in(log)
      Tasker::Orchestration::StepSequenceFactory.prepend(OrchestrationBench::OneQuerySequence) if column == 'one_query'
      ActiveJob::Base.logger = nil
      OrchestrationBench::Workflows.define
      switch_on if core
    end

    # The stand-in, with what a Rails application brings otherwise.
    def load_stand_in(log)
      require File.expand_path('../../spec/support/engine', __dir__)
      Rails.logger = Logger.new(log)
      Time.zone_default = Time.find_zone!('UTC')
    end

    # @return [Boolean] whether the engine's OpenTelemetry subscriber can listen
    def telemetry? = TaskerEngine.here? && @telemetry && Listeners.engines?

    private

    def engine(core, log)
      BenchApplication.start(core:, log:) do
        @telemetry = Listeners.set_up_telemetry
        yield if block_given?
      end
      Listeners.prepare
    end

    def stand_in(log)
      load_stand_in(log)
      ActiveRecord::Base.establish_connection(ENV.fetch('DATABASE_URL'))
      BenchApplication.load_core
    end

    def switch_on
      TaskerCore.configure do |config|
        TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", :active) }
      end
      TaskerCore::Library.load!
    end
  end
end
