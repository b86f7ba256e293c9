# frozen_string_literal: true

require 'fileutils'

# The stand-in of the engine as a gem of the engine's name, for applications that have it in
# their Gemfile: with the migration, and the code loaded once Active Record is set up.
module StandInGem
  SOURCES = File.join(__dir__, 'engine')
  SCHEMA = File.expand_path('../../ext/tasker_core/go/schema/ddl', __dir__)

  FILES = {
    'tasker-engine.gemspec' => <<~RUBY,
      Gem::Specification.new('tasker-engine', '0.1.0') do |spec|
        spec.summary = 'Stands in for the engine'
        spec.authors = ['nobody']
        spec.files = Dir['{db,lib}/**/*']
        spec.add_dependency 'rails', '~> 7.2'
        spec.add_dependency 'pg', '~> 1.5'
      end
    RUBY
    'lib/tasker/engine.rb' => <<~RUBY,
      require 'rails/engine'

      module Tasker
        VERSION = '0.1.0'

        class StandIn < Rails::Engine
          engine_name 'tasker'
          initializer('tasker.stand_in') { require 'tasker/stand_in' }
        end
      end
    RUBY
    'db/migrate/20250701165431_init_tasker.rb' => <<~RUBY
      class InitTasker < ActiveRecord::Migration[7.2]
        def up
          ddl = Gem.loaded_specs.fetch('tasker-engine').full_gem_path + '/db/ddl'
          files = %w[tables views functions].flat_map { |kind| Dir[ddl + "/\#{kind}/*.sql"].sort }
          suppress_messages { files.each { |file| execute File.read(file) } }
        end
      end
    RUBY
  }.freeze

  # @param folder [String] an empty folder
  # @return [String] the path of the .gem file
  def build_stand_in(folder)
    FILES.each do |name, text|
      FileUtils.mkdir_p(File.dirname(File.join(folder, name)))
      File.write(File.join(folder, name), text)
    end
    FileUtils.cp_r(SCHEMA, File.join(folder, 'db/ddl'))
    FileUtils.cp("#{SOURCES}.rb", File.join(folder, 'lib/tasker/stand_in.rb'))
    FileUtils.cp_r(SOURCES, File.join(folder, 'lib/tasker/engine'))
    run('gem', 'build', '--quiet', '--output', 'engine.gem', 'tasker-engine.gemspec', chdir: folder)
    File.join(folder, 'engine.gem')
  end
end
