# frozen_string_literal: true

require 'rails'
require 'active_record/railtie'
require 'active_job/railtie'
require_relative '../demo/lib/demo/engine'

Demo::Engine.load
require 'tasker_core'

# The Rails half of the example: an application without a web, whose jobs run in this
# process.
class EtlApplication < Rails::Application
  config.root = __dir__
  config.load_defaults 7.2
  config.eager_load = false
  config.secret_key_base = 'an example keeps no secrets'
  config.logger = Logger.new($stderr)
  config.log_level = ENV['VERBOSE'] ? :info : :fatal
  config.active_job.queue_adapter = :async
  config.tasker_core.dependency_resolution = :active
  config.tasker_core.state_transitions = :active
  config.tasker_core.orchestration = :active

  initializer('etl.engine') { Demo::Engine.load_stand_in unless Demo::Engine.real? }
  config.to_prepare { require_relative 'workflows/sales_report' }
end

Rails.application.initialize!
