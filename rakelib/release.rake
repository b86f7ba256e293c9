# frozen_string_literal: true

require_relative 'packages/release'

# Each kind of package has a file of its own beside this one, which makes its part a
# prerequisite, as task 'release:check' => 'release:check:gem', and depends on
# release:clean before it builds.
namespace :release do
  desc 'Build every package, install each into an empty environment and use it; print names, sizes and checksums'
  task :check do
    puts Packages::Release.table
  end

  task :clean do
    rm_rf File.join(ROOT, 'pkg')
  end

  # Everything that is dated takes this moment, so that the same commit gives the same files.
  task :moment do
    ENV['SOURCE_DATE_EPOCH'] = Packages::Release.moment
  end
end
