# frozen_string_literal: true

require 'fileutils'
require 'rubygems/package'
require 'zlib'
require_relative 'command'

module Packages
  # The modules that the Go core is built from, vendored outside of the sources, so
  # that a build in the checkout stays as it is.
  module GoModules
    SOURCES = File.join(ROOT, 'ext/tasker_core/go')
    FOLDER = File.join(ROOT, 'tmp/packages/go/vendor')

    class << self
      # @return [String] the folder with the modules of today's go.mod, until this process ends
      def vendored
        @vendored ||= FOLDER.tap do |folder|
          at_exit { FileUtils.rm_rf(folder) }
          FileUtils.rm_rf(folder)
          Command.run(Command.go, 'mod', 'vendor', '-o', folder, env: Command::ALONE, chdir: SOURCES)
        end
      end

      # Writes them into an archive, the same one each time.
      #
      # @param file [String]
      def archive(file)
        names = Dir.glob('**/*', File::FNM_DOTMATCH, base: vendored).select { |name| File.file?("#{vendored}/#{name}") }
        Zlib::GzipWriter.open(file, Zlib::BEST_COMPRESSION) do |compressed|
          compressed.mtime = Gem.source_date_epoch
          tar = Gem::Package::TarWriter.new(compressed)
          names.sort.each { |name| add(tar, name) }
          tar.close
        end
      end

      private

      def add(tar, name)
        content = File.binread(File.join(vendored, name))
        tar.add_file_simple("vendor/#{name}", 0o644, content.bytesize) { |entry| entry.write(content) }
      end
    end
  end
end
