# frozen_string_literal: true

require_relative '../support'
require 'json'
require 'rubygems/package'
require_relative '../../../rakelib/packages/go_modules'
require_relative '../../../rakelib/packages/release'

RSpec.describe 'the built gem', timeout: 300 do
  include Packaging

  let(:package) { Gem::Package.new(Packaging.built_gem) }
  let(:bill) { JSON.parse(contents.fetch('tasker_core.cdx.json')) }

  # A few files of the gem, by name.
  def contents
    @contents ||= Dir.mktmpdir do |folder|
      package.extract_files(folder)
      %w[tasker_core.cdx.json THIRD_PARTY_LICENSES].to_h { |name| [name, File.read(File.join(folder, name))] }
    end
  end

  it 'carries the sources of the core and its modules, and none of their tests or builds' do
    files = package.contents

    expect(files).to include('ext/tasker_core/extconf.rb', 'ext/tasker_core/go/go.mod', 'ext/tasker_core/go/go.sum',
                             'ext/tasker_core/go_modules.tar.gz', 'lib/tasker_core.rb', 'LICENSE', 'README.md',
                             'THIRD_PARTY_LICENSES', 'tasker_core.cdx.json')
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

  it 'has the licences of every module that is compiled in' do
    licences = contents.fetch('THIRD_PARTY_LICENSES')

    expect(compiled_in.reject { |name| licences.include?(name.sub('@', ' ')) || licences.include?(name) }).to be_empty
    expect(licences).to include('Copyright')
  end

  it 'has a bill of materials with every module that is compiled in' do
    names = bill.fetch('components').map { |component| component.fetch('purl').sub(/[?#].*/, '') }

    expect(bill).to include('bomFormat' => 'CycloneDX')
    expect(bill.dig('metadata', 'component')).to include('name' => 'tasker_core', 'version' => TaskerCore::VERSION)
    expect(names).to include(*compiled_in.map { |name| "pkg:golang/#{name}" })
  end

  # The modules of the packages that Go says it compiles.
  def compiled_in
    modules = run('go', 'list', '-deps', '-f', '{{with .Module}}{{if .Version}}{{.Path}}@{{.Version}}{{end}}{{end}}',
                  './capi', env: { 'GOWORK' => 'off' }, chdir: Packages::GoModules::SOURCES)
    modules.split.uniq
  end
end
