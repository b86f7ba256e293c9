# frozen_string_literal: true

require_relative 'queue'

module Demo
  # Which engine runs: the gem tasker-engine where it is installed, else the
  # stand-in that the specs use.
  module Engine
    STAND_IN = File.expand_path('../../../../spec/support/engine', __dir__)

    module_function

    # @return [void]
    # @raise [LoadError] if the gem is there and something that it needs is not
    def load
      require 'tasker-engine'
    rescue LoadError => e
      raise unless e.path == 'tasker-engine'
    end

    def real? = defined?(::Tasker::Engine) ? true : false

    # Once Active Record is set up; the gem's own models load later by themselves.
    def load_stand_in = require(STAND_IN)

    # @return [String] for the reader
    def name = real? ? "tasker-engine #{::Tasker::VERSION}" : 'the stand-in for tasker-engine'
  end
end
