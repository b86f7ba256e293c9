# frozen_string_literal: true

# What a server's process of the specs loads: the stand-in of the engine, the ledger
# workflow, and the core with everything switched on.
$LOAD_PATH.unshift File.expand_path('../../lib', __dir__)
require 'logger'
require_relative 'engine'
require 'tasker_core'
require_relative 'sidekiq/ledger'

Rails.logger = Logger.new(IO::NULL)
Time.zone_default = Time.find_zone!('UTC')
ActiveJob::Base.logger = nil
ActiveRecord::Base.establish_connection(adapter: 'postgresql', url: ENV.fetch('DATABASE_URL'),
                                        pool: ENV.fetch('POOL', 20).to_i)
Ledger.register

TaskerCore.configure do |config|
  config.dependency_resolution = :active
  config.state_transitions = :active
  config.orchestration = :active
end
