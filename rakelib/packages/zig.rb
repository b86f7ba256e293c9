# frozen_string_literal: true

require 'fileutils'
require_relative 'command'

module Packages
  # A C compiler that links against a glibc as old as is asked for, on any machine and for
  # other processors: Zig's, which PyPI has as a wheel.
  module Zig
    VERSION = '0.17.0'
    FOLDER = File.join(ROOT, 'tmp/packages/zig', VERSION)

    class << self
      # Installs it where it is not there yet.
      #
      # @return [String] the program's path
      def program
        @program ||= installed || begin
          Command.run(ENV.fetch('PYTHON', 'python3'), '-m', 'venv', '--clear', FOLDER)
          Command.run("#{FOLDER}/bin/pip", 'install', '--quiet', '--disable-pip-version-check', "ziglang==#{VERSION}")
          installed or raise "ziglang #{VERSION} has no program zig under #{FOLDER}"
        end
      end

      # @param target [String] as x86_64-linux-gnu.2.17
      # @return [Array<String>] the compiler's command
      def compiler(target) = [program, 'cc', '-target', target]

      # @return [Hash{String => String}] keeps what it caches in this repository
      def environment
        { 'ZIG_GLOBAL_CACHE_DIR' => "#{FOLDER}/cache", 'ZIG_LOCAL_CACHE_DIR' => "#{FOLDER}/cache" }
      end

      private

      def installed = Dir["#{FOLDER}/lib/python3*/site-packages/ziglang/zig"].first
    end
  end
end
