# frozen_string_literal: true

require 'rails/generators'

module TaskerCore
  # The Rails generators of the gem.
  module Generators
    # Writes the initializer: `bin/rails generate tasker_core:install`.
    class InstallGenerator < ::Rails::Generators::Base
      desc 'Create config/initializers/tasker_core.rb with dependency_resolution in shadow mode'
      source_root File.expand_path('templates', __dir__)

      # @return [void]
      def create_initializer
        template 'tasker_core.rb.tt', 'config/initializers/tasker_core.rb'
      end

      private

      # The settings other than the switches. The template lists each as a comment with its default.
      def settings
        Configuration.settings.values.reject { |setting| Configuration.switches.include?(setting.name) }
      end

      def switches = Configuration.switches.map { |name| Configuration.settings.fetch(name) }
    end
  end
end
