# frozen_string_literal: true

require_relative '../support'
require 'json'
require 'rubygems/package'
require_relative '../../../rakelib/packages/licenses'
require_relative '../../../rakelib/packages/release'

RSpec.describe 'the built gem', timeout: 300 do
  include Packaging

  let(:package) { Gem::Package.new(Packaging.built_gem) }
  let(:bill) { JSON.parse(contents.fetch('sbom.cdx.json')) }

  # A few files of the gem, by name.
  def contents
    @contents ||= Dir.mktmpdir do |folder|
      package.extract_files(folder)
      %w[sbom.cdx.json THIRD_PARTY_LICENSES].to_h { |name| [name, File.read(File.join(folder, name))] }
    end
  end

  it 'carries the sources of the core and its modules, and none of their tests or builds' do
    files = package.contents

    expect(files).to include('ext/tasker_core/extconf.rb', 'ext/tasker_core/go/go.mod', 'ext/tasker_core/go/go.sum',
                             'ext/tasker_core/go_modules.tar.gz', 'lib/tasker_core.rb', 'LICENSE', 'README.md',
                             'THIRD_PARTY_LICENSES', 'sbom.cdx.json')
    expect(files.grep(/_test\.go\z|testdata|\.so\z|\Aspec|\Abin|\Arakelib/)).to be_empty
  end

  it 'is the same archive when it is built again, in another folder and without git' do
    first = File.binread(Packaging.built_gem)
    again = Dir.mktmpdir do |folder|
      copy_checkout(folder)
      File.binread(Packaging.build_gem(chdir: folder, env: { 'SOURCE_DATE_EPOCH' => Packages::Release.moment }))
    end

    expect(again == first).to be(true)
  end

  it 'has the licences of everything in it, of today' do
    expect(contents.fetch('THIRD_PARTY_LICENSES') == Packages::Licenses.text)
      .to be(true), 'THIRD_PARTY_LICENSES is old: run `rake licenses`'
    Packages::GoModules.versions.each do |path, version|
      expect(contents.fetch('THIRD_PARTY_LICENSES')).to include("#{path} #{version}\n")
    end
  end

  it 'has a bill of materials with every module that is compiled in, and what is installed beside' do
    names = bill.fetch('components').map { |component| component.fetch('purl').sub(/[?#].*/, '') }

    expect(bill).to include('bomFormat' => 'CycloneDX')
    expect(bill.dig('metadata', 'component')).to include('name' => 'tasker_core', 'version' => TaskerCore::VERSION)
    expect(names).to include('pkg:gem/msgpack', %r{\Apkg:golang/std@}, *compiled_in)
  end

  # The modules of the packages that Go says it compiles.
  def compiled_in
    modules = run('go', 'list', '-deps', '-f', '{{with .Module}}{{if .Version}}{{.Path}}@{{.Version}}{{end}}{{end}}',
                  './capi', env: { 'GOWORK' => 'off' }, chdir: Packages::GoModules::SOURCES)
    modules.split.uniq.map { |name| "pkg:golang/#{name}" }
  end
end
