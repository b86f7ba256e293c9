# frozen_string_literal: true

require_relative '../../../../bin/lib/engine'
require_relative 'queue'

module Demo
  # Which engine runs: the gem tasker-engine where it is, else the stand-in that the
  # specs use.
  module Engine
    STAND_IN = File.expand_path('../../../../spec/support/engine', __dir__)

    module_function

    # @return [void]
    # @raise [TaskerEngine::Unusable] if the gem is here and something that it needs is not
    def load
      TaskerEngine.load if real?
    end

    def real? = TaskerEngine.here?

    # Once Active Record is set up; the gem's own models load later by themselves.
    def load_stand_in = require(STAND_IN)

    # @return [String] for the reader
    def name = real? ? TaskerEngine.to_s : 'the stand-in for tasker-engine'
  end
end
