# frozen_string_literal: true

# The application that the soak's processes are: Puma's workers, Sidekiq, and the soak
# itself. On the real engine where it is, on its stand-in elsewhere. DATABASE_URL,
# REDIS_URL, SOAK_FOLDER and SOAK_SEED say where and with which workflows.
$LOAD_PATH.unshift File.expand_path('../../lib', __dir__)
require 'rails'
require 'active_record/railtie'
require 'active_job/railtie'
require_relative '../../examples/demo/lib/demo/engine'

Demo::Engine.load
require 'tasker_core'
require 'sidekiq'
require 'sidekiq/rails'

# As small as a Rails application can be.
class SoakApplication < Rails::Application
  config.root = __dir__
  config.load_defaults 7.2
  config.eager_load = false
  config.secret_key_base = 'a soak keeps no secrets'
  config.logger = Logger.new(File.join(ENV.fetch('SOAK_FOLDER'), 'rails.log'))
  config.log_level = :error
  config.active_job.queue_adapter = :sidekiq
  config.active_job.logger = nil
  TaskerCore::Configuration.switches.each { |name| config.tasker_core.public_send(:"#{name}=", :active) }
  # A job that is lost with its process is to be missed soon.
  config.tasker_core.external_steps_recheck_seconds = 3

  initializer('soak.engine') { Demo::Engine.load_stand_in unless Demo::Engine.real? }
end

Rails.application.initialize!
ActiveJob::Base.logger = nil

# Seconds where the engine's defaults are most of a minute.
Tasker.configure do |config|
  config.backoff do |backoff|
    backoff.default_backoff_seconds = [1]
    backoff.reenqueue_delays = { has_ready_steps: 0, waiting_for_dependencies: 2, processing: 1 }
    backoff.default_reenqueue_delay = 2
    backoff.max_backoff_seconds = 10
    backoff.buffer_seconds = 1
  end
end
Sidekiq.default_configuration.logger.level = Logger::WARN
Sidekiq.configure_server { |config| config[:poll_interval_average] = 0.5 }
ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper.sidekiq_retry_in { 1 }

require_relative 'workflows'
Soak::Workflows.register(Integer(ENV.fetch('SOAK_SEED')))
