# frozen_string_literal: true

require 'fileutils'
require_relative 'command'

module Packages
  # The programs of PyPI that build and check packages, in a virtual environment of their own.
  module PythonTools
    FOLDER = File.join(ROOT, 'tmp/packages/python-tools')
    LIST = File.join(ROOT, 'python/requirements-release.txt')

    class << self
      # @return [String] the folder of the programs, installed at the first call
      def bin
        @bin ||= begin
          stamp = File.join(FOLDER, 'list')
          install(stamp) unless File.file?(stamp) && FileUtils.identical?(stamp, LIST)
          "#{FOLDER}/bin"
        end
      end

      # @return [String] the Python of that environment
      def python = "#{bin}/python"

      # @return [Hash{String => String}] an environment in which these programs are found first
      def path = { 'PATH' => "#{bin}:#{ENV.fetch('PATH')}" }

      # @return [String] the Python that bin/test takes: new enough, with headers and venv
      def base
        script = '. bin/lib/common.sh; . bin/lib/python.sh; select_python && echo "$PYTHON"'
        Command.run('bash', '-c', script).strip
      end

      private

      def install(stamp)
        FileUtils.rm_rf(FOLDER)
        Command.run(base, '-m', 'venv', FOLDER)
        Command.run("#{FOLDER}/bin/pip", 'install', '--quiet', '--disable-pip-version-check', '-r', LIST)
        FileUtils.cp(LIST, stamp)
      end
    end
  end
end
