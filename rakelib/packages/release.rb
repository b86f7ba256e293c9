# frozen_string_literal: true

require 'digest'
require_relative 'command'

module Packages
  # What a release consists of: the files in pkg/, which every kind of package is built into.
  module Release
    # One package.
    Package = Data.define(:name, :bytes, :sha256)

    class << self
      # @return [Array<Package>]
      def packages
        Dir[File.join(ROOT, 'pkg/*')].select { |file| File.file?(file) }.sort.map do |file|
          Package.new(name: File.basename(file), bytes: File.size(file), sha256: Digest::SHA256.file(file).hexdigest)
        end
      end

      # The moment that all packages carry: the last commit's, or what SOURCE_DATE_EPOCH says.
      #
      # @return [String] seconds
      def moment
        ENV.fetch('SOURCE_DATE_EPOCH') { Command.run('git', 'log', '-1', '--format=%ct').strip }
      end

      # Runs specs, those tagged with :release too, which .rspec leaves out of bin/test. Where no
      # database is named they get one of the project's own server.
      #
      # @param folder [String] with specs
      # @raise [RuntimeError] if one fails
      def run_specs(folder)
        rspec = ['rspec', '--options', File::NULL, '--format', 'documentation', folder]
        variable = 'TASKER_CORE_TEST_DATABASE_URL'
        with_server = ['bin/postgres', 'with', 'sh', '-c', %(#{variable}="$DATABASE_URL" exec "$@"), 'sh']
        command = ENV.key?(variable) ? rspec : with_server + rspec
        system(*command, chdir: ROOT) or raise "the specs in #{folder} failed"
      end

      # @return [String] names, sizes and checksums
      def table
        width = packages.map { |package| package.name.size }.max.to_i
        packages.map do |package|
          "#{package.name.ljust(width)}  #{format('%6.1f MB', package.bytes / 1e6)}  #{package.sha256}"
        end.join("\n")
      end
    end
  end
end
