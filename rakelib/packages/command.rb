# frozen_string_literal: true

require 'open3'

# What the tasks under rakelib/ build packages with. Nothing here needs a gem.
module Packages
  ROOT = File.expand_path('../..', __dir__)

  # Runs programs.
  module Command
    # Go builds the module by itself, without go.work and whatever GOFLAGS the user has.
    ALONE = { 'GOWORK' => 'off', 'GOFLAGS' => nil }.freeze

    class << self
      # @return [String] the Go that builds the core
      def go = ENV.fetch('GO', 'go')

      # @param command [Array<String>] run without a shell
      # @return [String] what it wrote to standard output
      # @raise [RuntimeError] if it failed, with what it wrote
      def run(*command, env: {}, chdir: ROOT)
        output, complaints, status = Open3.capture3(env, *command, chdir:)
        raise "#{command.join(' ')} failed (#{status}):\n#{output}#{complaints}" unless status.success?

        output
      end
    end
  end
end
