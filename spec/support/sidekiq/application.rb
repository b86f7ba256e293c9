# frozen_string_literal: true

# What a Sidekiq process of the specs loads.
require 'sidekiq'
require_relative '../ledger_application'

ActiveJob::Base.queue_adapter = :sidekiq
Sidekiq.configure_server { |config| config[:poll_interval_average] = 0.5 }
