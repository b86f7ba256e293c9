# frozen_string_literal: true

require_relative 'packages/native_library'
require_relative 'packages/release'
require_relative 'packages/staged_gem'

desc 'Build the source gem, with its Go modules, into pkg/'
task gem: 'release:moment' do
  puts Packages::StagedGem.source
end

desc 'Build the precompiled gems into pkg/; `rake native gem` builds every gem'
task native: Packages::NativeLibrary::GOARCH.keys.map { |platform| "native:#{platform}" }

namespace :native do
  Packages::NativeLibrary::GOARCH.each_key do |platform|
    desc "Build the precompiled gem for #{platform}"
    task platform => 'release:moment' do
      puts Packages::StagedGem.precompiled(platform, Packages::NativeLibrary.new(platform).build)
    end
  end
end

# The specs build the gems into pkg/, and again, install them, and try them.
task 'release:check:gem' => 'release:clean' do
  Packages::Release.run_specs('spec/packaging/gem')
end
task 'release:check' => 'release:check:gem'
