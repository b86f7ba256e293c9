# frozen_string_literal: true

require_relative 'lib/tasker_core/version'

Gem::Specification.new do |spec|
  spec.name = 'tasker_core'
  spec.version = TaskerCore::VERSION
  spec.authors = ['The tasker_core contributors']
  spec.summary = 'A Go core for the Tasker workflow engine that makes Rails applications faster'
  spec.description = 'Makes Rails applications on the Tasker workflow engine faster without changing them. ' \
                     'An embedded Go core resolves dependencies, writes state transitions and drives the ' \
                     "orchestration loop, on the application's own PostgreSQL connection."
  spec.homepage = 'https://github.com/jcoletaylor/tasker_core'
  spec.license = 'MIT'
  spec.required_ruby_version = '>= 3.2'

  spec.metadata = {
    'bug_tracker_uri' => "#{spec.homepage}/issues",
    'changelog_uri' => "#{spec.homepage}/blob/main/CHANGELOG.md",
    'documentation_uri' => "#{spec.homepage}/tree/main/docs",
    'rubygems_mfa_required' => 'true',
    'source_code_uri' => spec.homepage
  }

  # Git's list where there is a checkout, so that what it ignores (builds, logs)
  # never gets in; files not yet added count, so that a work tree builds as it is.
  # An unpacked archive has no git: there the folders hold nothing else anyway.
  packaged = %w[ext lib sig docs README.md CHANGELOG.md ARCHITECTURE.md SECURITY.md LICENSE]
  spec.files = Dir.chdir(__dir__) do
    listed = `git ls-files -z --cached --others --exclude-standard -- #{packaged.join(' ')} 2>/dev/null`
             .split("\x0")
    listed = packaged.flat_map { |path| File.directory?(path) ? Dir["#{path}/**/*"] : path } if listed.empty?
    listed.uniq.select { |path| File.file?(path) }
          .grep_v(%r{_test\.go\z|/testdata/|\.(so|bundle|o|a|log)\z})
  end
  # `rake gem` adds what no commit has: the Go modules, their licences and a bill of materials.
  spec.require_paths = ['lib']
  spec.extensions = ['ext/tasker_core/extconf.rb']

  spec.post_install_message = <<~TEXT
    tasker_core is compiled where it is installed. Without Go or a C compiler it is installed too, as Ruby only, and
    changes nothing then. Which of the two this is, why, and what to do:
        ruby -rtasker_core -e 'puts TaskerCore.doctor'
    TASKER_CORE_REQUIRE_NATIVE=1 lets an install without the native core fail.
  TEXT

  # Active Record is no dependency: the gem serves any Ruby program that brings
  # a connection of it, and loads where there is none.
  # Ruby brings it as a default gem up to 3.3, and as one of its own since.
  spec.add_dependency 'bigdecimal', '>= 3.1', '< 5'
  spec.add_dependency 'msgpack', '>= 1.7', '< 2'
end
