# frozen_string_literal: true

# The stand-in for the gem tasker-engine, for specs and for the demo where that
# gem is not installed: the constants and methods that delegation touches, over
# the same database schema, as small as will do. It proves that the wiring
# works, never that the answers are the engine's; spec/parity does that, with the
# real gem.
raise 'The gem tasker-engine is loaded already; its stand-in would only be in the way.' if defined?(Tasker::Engine)

require 'rails'
require 'active_record'
require 'active_job'
require 'active_support/all'
require 'concurrent'

# Where the gem has its own code.
module Tasker
  # The schema's tables carry the engine's prefix.
  def self.table_name_prefix = 'tasker_'
end

%w[constants errors configuration events concerns application_record definitions transitions task workflow_step
   edges functions readiness state_machine types handlers orchestration job].each do |part|
  require_relative "engine/#{part}"
end
