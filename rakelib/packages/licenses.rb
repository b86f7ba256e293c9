# frozen_string_literal: true

require_relative 'go_modules'

module Packages
  # THIRD_PARTY_LICENSES: the licence texts of everything that a package has in it.
  module Licenses
    FILE = File.join(ROOT, 'THIRD_PARTY_LICENSES')
    NAMES = /\A(LICENSE|LICENCE|COPYING|COPYRIGHT|NOTICE|PATENTS)/i
    RULE = ('-' * 80).freeze

    class << self
      # @return [String] the text of THIRD_PARTY_LICENSES for today's modules
      # @raise [RuntimeError] if a module has no licence
      def text
        [preface, *[go, *modules].map { |title, texts| section(title, texts) }].join("\n")
      end

      private

      def preface
        <<~TEXT
          What the packages of tasker_core contain of others, with the licences.

          `rake licenses` writes this file. The library contains Go's standard library and those of the modules
          below that sbom.cdx.json names; the source packages contain all of them. Of Ruby and Python it contains nothing:
          the gem depends on msgpack (Apache-2.0, https://github.com/msgpack/msgpack-ruby) and bigdecimal (Ruby,
          BSD-2-Clause, https://github.com/ruby/bigdecimal), the wheel on msgpack (Apache-2.0,
          https://github.com/msgpack/msgpack-python), which are installed beside.
        TEXT
      end

      def go
        root = Command.run(Command.go, 'env', 'GOROOT', env: Command::ALONE, chdir: GoModules::SOURCES).strip
        ['Go, the standard library and the runtime', licences(root)]
      end

      def modules
        GoModules.versions.sort.map do |path, version|
          texts = licences(File.join(GoModules.vendored, path))
          raise "#{path} #{version} has no licence in its folder" if texts.empty?

          ["#{path} #{version}", texts]
        end
      end

      # @return [Array<String>] the texts of a folder's files, by name
      def licences(folder)
        Dir.children(folder).grep(NAMES).map { |name| File.join(folder, name) }
           .select { |file| File.file?(file) && !file.end_with?('.go') }.sort
           .map { |file| "#{File.basename(file)}:\n\n#{File.read(file, encoding: 'UTF-8').scrub.strip}\n" }
      end

      def section(title, texts) = "#{RULE}\n#{title}\n#{RULE}\n\n#{texts.join("\n")}"
    end
  end
end
