# frozen_string_literal: true

# What the Sidekiq process of bench/ruby/sidekiq.rb loads. SIDE says whose side it is,
# DATABASE_URL has the size of the pool, REDIS_URL is Sidekiq's own variable.
require 'logger'
require 'sidekiq'
require_relative 'side'

# As `sidekiq` does it for a whole Rails application.
Side.boot(ENV.fetch('SIDE'), log: IO::NULL) { require 'sidekiq/rails' }
Listeners.set(telemetry: true, application: false) if TaskerEngine.here?
Rails.logger.level = :warn
ActiveJob::Base.queue_adapter = :sidekiq
