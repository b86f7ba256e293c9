# frozen_string_literal: true

# Boots a Rails application with the real gem tasker-engine and tasker_core, on a
# database of its own whose schema the engine's migrations make. `rake parity`
# runs these specs where the gem can be loaded.
ENV['RAILS_ENV'] = 'test'

require_relative '../../bin/lib/engine'
TaskerEngine.load
$LOAD_PATH.unshift File.expand_path('../../lib', __dir__)
require 'tasker_core'
require_relative '../support/database'
require_relative '../support/rows'
require_relative 'support/engine_database'
require_relative 'support/both'
require_relative 'support/random_tasks'

EngineDatabase.create
ENV['DATABASE_URL'] = EngineDatabase.url

# The smallest application that hosts the engine. Its initializer switches the core
# on as the README says.
class ParityApplication < Rails::Application
  config.load_defaults 7.2
  config.eager_load = false
  config.root = __dir__
  config.logger = Logger.new(IO::NULL)
  config.tasker_core.dependency_resolution = :active
end

Rails.application.initialize!
EngineDatabase.migrate

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.include Both
  config.include RandomTasks
  config.after(:suite) { EngineDatabase.drop }
  # One transaction an example, in which now() stands still: both implementations
  # see the same rows at the same time.
  config.around do |example|
    TaskerCore::Reporting.reset
    TaskerCore::FunctionVersions.reset
    Database.rolled_back { example.run }
    TaskerCore.configure { |c| c.dependency_resolution = :active }
  end
end
