# frozen_string_literal: true

require 'json'
require 'time'
require 'tmpdir'
require_relative 'go_modules'

module Packages
  # The bill of materials in the format of CycloneDX: what the library contains. The one of
  # the Go core is a file of the repository, made by the program that the format's makers
  # have for Go; that of a package is derived from it.
  module Sbom
    TOOL = 'github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0'
    FILE = File.join(ROOT, 'sbom.cdx.json')

    class << self
      # Has the program write the bill of the core anew.
      #
      # @param version [String]
      def write(version)
        Dir.mktmpdir do |folder|
          examine(folder, version)
          bill = JSON.parse(File.read("#{folder}/bill.json"))
          # Those of the program as it was built here, a moment ago.
          bill['metadata']['tools'].each { |tool| tool.delete('hashes') }
          File.write(FILE, "#{JSON.pretty_generate(bill)}\n")
        end
      end

      # @param name [String] the package's
      # @param version [String] the package's
      # @param purl [String] the package's address, as pkg:gem/tasker_core@0.1.0
      # @param goarch [String] Go's name of the processor
      # @param requires [Hash{String => #to_s}] purls of what is installed beside, with the versions allowed
      # @return [String] JSON, the same for the same inputs
      def json(name:, version:, purl:, goarch: 'amd64', requires: {})
        bill = JSON.parse(of_today(goarch))
        rename(bill, bill.dig('metadata', 'component'), name:, version:, purl:)
        bill['metadata']['timestamp'] = Gem.source_date_epoch.utc.iso8601
        bill['components'].concat(requires.map { |address, allowed| beside(address, allowed) })
        "#{JSON.pretty_generate(bill)}\n"
      end

      private

      # The program wants a repository with a tag, and its own way of finding one.
      def examine(folder, version)
        %w[go include].each { |name| FileUtils.cp_r(File.expand_path("../#{name}", GoModules::SOURCES), folder) }
        git = ['git', '-c', 'user.name=tasker_core', '-c', 'user.email=none@localhost']
        [%w[init --quiet], %w[add .], %w[commit --quiet -m sources], ['tag', "v#{version}"]]
          .each { |arguments| Command.run(*git, *arguments, chdir: "#{folder}/go") }
        Command.run(Command.go, 'run', TOOL, 'app', '-json', '-licenses', '-std', '-noserial', '-notimestamp', '-main',
                    'capi', '-output', "#{folder}/bill.json", '.', env: Command::ALONE, chdir: "#{folder}/go")
      end

      # The library has the standard library of the Go that builds it.
      def of_today(goarch)
        go = Command.run(Command.go, 'env', 'GOVERSION', env: Command::ALONE, chdir: GoModules::SOURCES).strip
        bill = File.read(FILE)
        bill.gsub(bill[/std@(go[\d.]+)/, 1], go).gsub('goarch=amd64', "goarch=#{goarch}")
      end

      def rename(bill, main, name:, version:, purl:)
        old = main['bom-ref']
        main.merge!('name' => name, 'version' => version, 'purl' => purl, 'bom-ref' => purl)
        bill['dependencies'].each { |dependency| dependency['ref'] = purl if dependency['ref'] == old }
      end

      def beside(address, allowed)
        { 'bom-ref' => address, 'type' => 'library', 'name' => address[%r{[^/]+\z}], 'purl' => address,
          'scope' => 'required', 'description' => "installed beside the package: #{allowed}" }
      end
    end
  end
end
