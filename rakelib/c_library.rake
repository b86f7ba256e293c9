# frozen_string_literal: true

require_relative 'packages/c_library_check'

desc 'Build the archive of the C library twice, unpack it, and compile and run the example with it'
task 'release:check:c' => %w[compile release:clean release:moment] do
  Packages::CLibraryCheck.new.run
end
task 'release:check' => 'release:check:c'
