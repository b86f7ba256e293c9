# frozen_string_literal: true

require 'rails'
require 'active_record/railtie'
require 'active_job/railtie'
require 'action_controller/railtie'
require_relative '../lib/demo/engine'

Demo::Engine.load
require 'tasker_core'

module Demo
  # A small API-only application with three workflows.
  class Application < Rails::Application
    config.root = File.expand_path('..', __dir__)
    config.load_defaults 7.2
    config.api_only = true
    config.eager_load = false
    config.secret_key_base = 'a demo keeps no secrets'
    config.hosts.clear
    config.logger = Logger.new($stderr)
    config.log_level = :fatal
    config.active_job.queue_adapter = Demo::Queue.new
  end
end
