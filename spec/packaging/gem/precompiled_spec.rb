# frozen_string_literal: true

require_relative '../support'
require 'rubygems/package'
require_relative '../../../rakelib/packages/native_library'
require_relative '../../../rakelib/packages/release'

# Cross-compiled, so it takes minutes: `rake release:check` runs it.
RSpec.describe 'the precompiled gems', :release, timeout: 1200 do
  include Packaging

  around { |example| Dir.mktmpdir('tasker_core-home') { |folder| @home = folder and example.run } }

  attr_reader :home

  here = Packages::RubyHeaders::HERE

  Packages::NativeLibrary::GOARCH.each_key do |platform|
    describe platform do
      let(:file) { Packaging.built_native.fetch(platform) }
      let(:specification) { Gem::Package.new(file).spec }

      def unpacked = home.tap { Gem::Package.new(file).extract_files(home) }

      it 'loads with an old glibc, and exports one symbol' do
        libraries = Dir["#{unpacked}/lib/tasker_core/*/*.so"]

        expect(libraries.map { |library| File.basename(File.dirname(library)) }).to include(RUBY_VERSION[/\A\d+\.\d+/])
        expect(libraries.to_h { |library| [library, Packages::NativeLibrary.complaints(library, platform)] }.values)
          .to all(eq([]))
      end

      it 'is for the Rubies that it has a library for, compiles nothing, and has licences and a bill of materials' do
        expect(specification.extensions).to be_empty
        expect(specification.required_ruby_version).to be_satisfied_by(Gem.ruby_version)
        expect(specification.required_ruby_version).not_to be_satisfied_by(Gem::Version.new('99.0'))
        expect(specification.files).to include('THIRD_PARTY_LICENSES', 'tasker_core.cdx.json')
        expect(specification.files.grep(/\Aext|\.tar/)).to be_empty
      end

      it 'is small' do
        expect(megabytes("the gem for #{platform}, installed", Dir["#{unpacked}/**/*"])).to be <= 30
      end
    end
  end

  it 'are the same archives when they are built again, in another folder and without git' do
    first = Packaging.built_native.transform_values { |file| File.binread(file) }
    copy_checkout(home)
    borrow_downloads

    again = Packaging.build_native(chdir: home, env: { 'SOURCE_DATE_EPOCH' => Packages::Release.moment })
    expect(again.to_h { |platform, file| [platform, File.binread(file) == first[platform]] })
      .to eq(first.transform_values { true })
  end

  # The compiler and the headers, which are not the gem's own.
  def borrow_downloads
    packages = FileUtils.mkdir_p("#{home}/tmp/packages").first
    %w[zig debian].each { |name| FileUtils.ln_s("#{Packaging::ROOT}/tmp/packages/#{name}", packages) }
  end

  it 'are installed without Go and without a compiler, and used' do
    nothing = { 'GO' => 'none', 'CC' => 'none', 'MAKE' => 'none' }
    said = install_gem(home, gem: Packaging.built_native.fetch(here), env: nothing)

    expect(said).not_to match(/Building native extensions|compiled where it is installed/)
    expect(answers(home)).to match([start_with(File.realpath(home)), ':native', 'nil'])
    expect(smoke(home)).to eq(":native nil []\n")
  end

  it 'work on another processor, under qemu-user' do
    platform = 'aarch64-linux-gnu'
    root = Packages::Debian.new(platform).unpacked("ruby#{Packages::RubyHeaders::MINOR}", 'ruby-msgpack')
    emulator = File.join(Packages::Debian.new(here).unpacked('qemu-user'), 'usr/bin/qemu-aarch64')
    Gem::Package.new(Packaging.built_native.fetch(platform)).extract_files(home)

    with_empty_database do |url|
      said = run(emulator, '-L', root, "#{root}/usr/bin/ruby#{Packages::RubyHeaders::MINOR}", '-I', "#{home}/lib", '-e',
                 "puts RUBY_PLATFORM\n#{Packaging::SMOKE}", env: { 'DATABASE_URL' => url }, chdir: home)
      expect(said).to eq("aarch64-linux-gnu\n:native nil []\n")
    end
  end
end
