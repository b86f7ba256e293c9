# frozen_string_literal: true

require 'tmpdir'
require_relative 'command'

module Packages
  # The CPythons of this machine, and wheels installed into them.
  module Pythons
    # The versions that are promised.
    WANTED = %w[3.10 3.11 3.12 3.13].freeze
    # What the tests of the short form are about: every operation, values, sessions, errors,
    # the engine's recorded answers, events.
    SHORT = %w[operations values session errors vectors events].map { |name| "tests/test_#{name}.py" }.freeze
    # The tests' own tools, without NumPy, pandas and polars. Not the versions of
    # requirements-dev.txt: no one version is for every CPython.
    TOOLS = %w[pytest hypothesis psycopg[binary]].freeze

    class << self
      # @return [Hash{String => String}] the path of a CPython for each version that is here
      def found
        folders = ENV.fetch('PATH').split(':') + Dir[File.join(pyenv, 'versions/*/bin')].reverse
        WANTED.to_h do |version|
          [version, folders.map { |folder| "#{folder}/python#{version}" }.find { |path| works?(path) }]
        end.compact
      end

      # Installs a wheel into a fresh virtual environment, what it depends on from PyPI.
      #
      # @return [String] the environment's Python
      def install(python, *packages, into:)
        Command.run(python, '-m', 'venv', into)
        Command.run("#{into}/bin/pip", 'install', '--quiet', '--disable-pip-version-check', *packages, chdir: into)
        "#{into}/bin/python"
      end

      # Installs a wheel with what its tests need.
      #
      # @yieldparam python [String] of an environment that has both
      def with_tests(wheel, python)
        Dir.mktmpdir('tasker_core-python') { |folder| yield install(python, wheel, *TOOLS, into: folder) }
      end

      # The short form of the wheel's tests.
      #
      # @param python [String] of with_tests
      # @return [String] pytest's last line
      def short_form(python, url)
        Command.run(python, '-m', 'pytest', '--quiet', *SHORT, chdir: "#{ROOT}/python",
                                                               env: { 'TASKER_CORE_TEST_DATABASE_URL' => url })
               .lines.last.strip
      end

      private

      def pyenv = ENV.fetch('PYENV_ROOT', File.join(Dir.home, '.pyenv'))

      # A shim of pyenv's is there for versions that are not chosen, and fails.
      def works?(path)
        File.executable?(path) &&
          system(path, '-c', 'import platform, venv; assert platform.python_implementation() == "CPython"',
                 %i[out err] => File::NULL)
      end
    end
  end
end
