# frozen_string_literal: true

require_relative '../../bin/lib/engine'

# The smallest Rails application that hosts the engine, for benches.
module BenchApplication
  LIB = File.expand_path('../../lib', __dir__)

  class << self
    # Starts it on the database of DATABASE_URL.
    #
    # @param core [Boolean] whether the gem tasker_core is part of it
    # @param log [IO, String] where Rails.logger writes
    # @yield between loading the engine and starting the application
    def start(core: true, log: IO::NULL)
      ENV['RAILS_ENV'] = 'test'
      TaskerEngine.load
      load_core if core
      yield if block_given?
      application(core, log).initialize!
    end

    def load_core
      $LOAD_PATH.unshift(LIB)
      require 'tasker_core'
    end

    private

    def application(core, log)
      Class.new(Rails::Application) do
        def self.name = 'BenchApplication'
        config.load_defaults 7.2
        config.eager_load = false
        config.root = __dir__
        config.secret_key_base = 'nothing is kept secret here'
        config.logger = Logger.new(log)
        config.tasker_core.dependency_resolution = :active if core
      end
    end
  end
end
