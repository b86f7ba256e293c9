# frozen_string_literal: true

require 'bundler'
require 'fileutils'
require 'open3'
require 'pg'
require 'tmpdir'
require 'uri'
require_relative '../../lib/tasker_core/version'

# Runs RubyGems, Bundler and Ruby as a user of the gem would: in other folders,
# without this repository's Bundler environment or load path.
module Packaging
  ROOT = File.expand_path('../..', __dir__)

  # @param command [Array<String>] run without a shell
  # @param env [Hash{String => String, nil}] added to the environment
  # @return [String] what the command wrote, both streams
  # @raise [RuntimeError] if it failed
  def run(*command, env: {}, chdir: ROOT)
    output, status = Bundler.with_unbundled_env do
      Open3.capture2e({ 'RUBYLIB' => nil, 'BUNDLE_GEMFILE' => nil }.merge(env), *command, chdir:)
    end
    raise "#{command.join(' ')} failed (#{status}):\n#{output}" unless status.success?

    output
  end

  # Builds the source gem, as a release does.
  #
  # @return [String] the path of the .gem file
  def self.build_gem(...) = rake('gem', ...).last

  # The gem, built once for all examples.
  def self.built_gem = @built_gem ||= build_gem

  # The gem as it is after `gem install` without a network: no proxy, and no module that Go has
  # from elsewhere. Installed once for all examples.
  #
  # @return [String] its GEM_HOME
  def self.installed_home
    @installed_home ||= Dir.mktmpdir('tasker_core-installed').tap do |home|
      at_exit { FileUtils.rm_rf(home) }
      Object.new.extend(Packaging).install_gem(home, env: offline(home))
    end
  end

  # @param home [String] a GEM_HOME
  # @return [Hash{String => String}] the environment of an install that gets nothing from outside
  def self.offline(home)
    { 'GOPROXY' => 'off', 'GOFLAGS' => '-mod=vendor', 'GOMODCACHE' => File.join(home, 'no-modules') }
  end

  # Builds the precompiled gems.
  #
  # @return [Hash{String => String}] the path of the .gem file by its platform
  def self.build_native(...) = rake('native', ...).to_h { |file| [file[/-([^-]+-linux-gnu)\.gem\z/, 1], file] }

  # The same, once for all examples.
  def self.built_native = @built_native ||= build_native

  # @param task [String]
  # @return [Array<String>] the files that it says it made
  def self.rake(task, env: {}, chdir: ROOT)
    output, status = Bundler.with_unbundled_env { Open3.capture2e(env, 'rake', '--quiet', task, chdir:) }
    raise "rake #{task} failed:\n#{output}" unless status.success?

    output.lines(chomp: true).grep(/\.gem\z/)
  end
  private_class_method :rake

  # The environment in which gems are installed into a folder of their own, while
  # those of this machine stay visible.
  #
  # @param home [String] the folder that becomes GEM_HOME
  # @return [Hash{String => String}]
  def gem_environment(home)
    { 'GEM_HOME' => home, 'GEM_PATH' => [home, *Gem.path].uniq.join(File::PATH_SEPARATOR) }
  end

  # Installs a gem into a folder.
  #
  # @param home [String] an empty folder
  # @param gem [String] the source gem, if none is named
  # @param env [Hash{String => String}] for the build of the extension
  # @return [String] what RubyGems wrote
  def install_gem(home, gem: Packaging.built_gem, env: {})
    run('gem', 'install', '--local', '--no-document', gem, env: gem_environment(home).merge(env), chdir: home)
  end

  # Asks the gem installed in a folder how it stands.
  #
  # @return [Array<String>] its path, the implementation, and why it is not native
  def answers(home)
    run('ruby', '-e', <<~RUBY, env: gem_environment(home), chdir: home).lines(chomp: true)
      require 'tasker_core'
      puts Gem.loaded_specs.fetch('tasker_core').full_gem_path
      puts TaskerCore.implementation.inspect
      puts TaskerCore.unavailable_reason.inspect
    RUBY
  end

  # Copies the work tree as it is, without its history, its builds and its specs.
  #
  # @param folder [String]
  def copy_checkout(folder)
    run('git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split("\0").each do |name|
      next unless File.file?(File.join(ROOT, name)) && !name.start_with?('spec/', 'bench/')

      FileUtils.mkdir_p(File.dirname(File.join(folder, name)))
      FileUtils.cp(File.join(ROOT, name), File.join(folder, name))
    end
  end

  # Says how large files are, for the release's log.
  #
  # @param what [String]
  # @param files [Array<String>] folders among them count for nothing
  # @return [Float] megabytes
  def megabytes(what, files)
    (files.sum { |file| File.file?(file) ? File.size(file) : 0 } / 1e6).tap do |size|
      RSpec.configuration.reporter.message(format('%<what>s: %<size>.1f MB', what:, size:))
    end
  end

  # A program that has the core make the schema in an empty database, and asks it about a
  # task there. It answers ":native nil []".
  SMOKE = <<~RUBY
    require 'tasker_core'
    TaskerCore.open(database_url: ENV.fetch('DATABASE_URL')) do |tasker|
      tasker.install_schema
      puts [TaskerCore.implementation, tasker.task_execution_context(1), tasker.viable_steps(1)].map(&:inspect).join(' ')
    end
  RUBY

  # Runs that with the gem installed in a folder.
  def smoke(home)
    with_empty_database do |url|
      run('ruby', '-e', SMOKE, env: gem_environment(home).merge('DATABASE_URL' => url), chdir: home)
    end
  end

  # A database of its own beside the test database, since a schema goes into an
  # empty one only.
  def with_empty_database
    url = ENV.fetch('TASKER_CORE_TEST_DATABASE_URL') { raise 'set TASKER_CORE_TEST_DATABASE_URL, or use bin/test' }
    name = "tasker_core_packaging_#{Process.pid}"
    server = PG.connect(url)
    server.exec("CREATE DATABASE #{name}")
    yield url.sub(%r{(//[^/]*/)[^?]*}, "\\1#{name}")
  ensure
    server&.exec("DROP DATABASE IF EXISTS #{name}")
    server&.close
  end
end
