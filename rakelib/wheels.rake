# frozen_string_literal: true

require_relative 'packages/wheel_check'

desc 'Build the source distribution and the wheels for manylinux (x86_64, aarch64) into pkg/'
task wheels: 'release:moment' do
  puts Packages::Wheels.new.build
end

namespace :release do
  namespace :check do
    desc 'Build the wheels twice, install each into an empty environment and run a task with it'
    task wheels: %w[release:clean release:moment] do
      Packages::WheelCheck.new.run
    end

    desc 'Run the short tests on every installed CPython, with the wheel in pkg/ (rake wheels)'
    task :pythons do
      Packages::WheelCheck.new.pythons
    end

    desc 'Run the short suites on PostgreSQL 13 to 18, with the wheel in pkg/ (rake wheels)'
    task postgres: 'compile' do
      Packages::WheelCheck.new.servers
    end
  end
end

# Loaded after release.rake, which prints the packages.
task('release:check') { puts Packages::Results.table }
task 'release:check' => %w[check:wheels check:pythons check:postgres].map { |name| "release:#{name}" }
