# frozen_string_literal: true

require 'rails/generators'

module TaskerCore
  module Generators
    # `bin/rails generate tasker_core:install` writes the initializer.
    class InstallGenerator < ::Rails::Generators::Base
      desc 'Writes config/initializers/tasker_core.rb, with every capability in shadow mode or off'
      source_root File.expand_path('templates', __dir__)

      # @return [void]
      def create_initializer
        template 'tasker_core.rb.tt', 'config/initializers/tasker_core.rb'
      end

      private

      # The settings beside the switches, each as a line that changes nothing.
      def settings
        Configuration.settings.values.reject { |setting| Configuration.switches.include?(setting.name) }
      end

      def switches = Configuration.switches.map { |name| Configuration.settings.fetch(name) }
    end
  end
end
