# frozen_string_literal: true

require 'bundler'
require 'open3'
require 'tmpdir'
require 'uri'

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

  # Builds the gem once for all examples.
  #
  # @return [String] the path of the .gem file
  def self.built_gem
    @built_gem ||= begin
      file = File.join(Dir.mktmpdir('tasker_core-gem'), 'tasker_core.gem')
      at_exit { FileUtils.rm_rf(File.dirname(file)) }
      output, status = Open3.capture2e('gem', 'build', '--strict', '--output', file, 'tasker_core.gemspec', chdir: ROOT)
      raise "gem build failed:\n#{output}" unless status.success?

      file
    end
  end

  # The environment in which gems are installed into a folder of their own, while
  # those of this machine stay visible.
  #
  # @param home [String] the folder that becomes GEM_HOME
  # @return [Hash{String => String}]
  def gem_environment(home)
    { 'GEM_HOME' => home, 'GEM_PATH' => [home, *Gem.path].uniq.join(File::PATH_SEPARATOR) }
  end

  # Installs the built gem into a folder.
  #
  # @param home [String] an empty folder
  # @param env [Hash{String => String}] for the build of the extension
  # @return [String] what RubyGems wrote
  def install_gem(home, env: {})
    run('gem', 'install', '--local', '--no-document', Packaging.built_gem,
        env: gem_environment(home).merge(env), chdir: home)
  end
end
