# frozen_string_literal: true

require 'fileutils'

# A gem of the engine's name, as small as will do, and newer than any: it tells which
# railties were loaded before it. For specs of how the engine is found.
module EngineGem
  # @param folder [String] made where it is not there
  # @param needs [Hash{String => String}] dependencies beside Rails, with their versions
  # @param requires [String] what its code loads
  # @return [String] the folder
  def engine_checkout(folder, version: '99.0.1', needs: {}, requires: 'rails')
    FileUtils.mkdir_p(File.join(folder, 'lib'))
    File.write(File.join(folder, 'tasker-engine.gemspec'), <<~RUBY)
      Gem::Specification.new('tasker-engine', #{version.dump}) do |spec|
        spec.summary = 'A gem of the name of the engine'
        spec.authors = ['nobody']
        spec.files = ['lib/tasker.rb']
        #{{ 'rails' => '~> 7.2', **needs }.map { |gem| "spec.add_dependency(#{gem.map(&:dump).join(', ')})" }.join("\n  ")}
      end
    RUBY
    File.write(File.join(folder, 'lib/tasker.rb'), <<~RUBY)
      require #{requires.dump}
      module Tasker
        RAILTIES = [ActiveRecord::Railtie, ActiveJob::Railtie, ActionController::Railtie].map(&:name)
      end
    RUBY
    folder
  end

  # Builds that gem and installs it.
  #
  # @param home [String] the folder that becomes GEM_HOME
  def install_engine(home)
    sources = engine_checkout(File.join(home, 'sources'))
    run('gem', 'build', '--quiet', '--output', 'engine.gem', 'tasker-engine.gemspec', chdir: sources)
    run('gem', 'install', '--local', '--no-document', '--ignore-dependencies', 'engine.gem',
        env: gem_environment(home), chdir: sources)
  end
end
