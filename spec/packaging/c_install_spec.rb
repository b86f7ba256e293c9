# frozen_string_literal: true

require_relative '../spec_helper'
require_relative 'c_support'
require 'json'

RSpec.describe 'the installed C library', timeout: 300 do
  before(:context) do
    @prefix = CLibrary.prefix
    @pages = "#{@prefix}/share/doc/tasker_core"
  end

  attr_reader :prefix, :pages

  def files_below(folder)
    Dir.glob('**/*', base: folder).select { |file| File.file?("#{folder}/#{file}") }
  end

  # The library's users have no checkout: what is installed names nothing of one.
  it 'is a header, a soname, the link for compilers, files for pkg-config and CMake, pages and licences' do
    expect(files_below("#{prefix}/include") + files_below("#{prefix}/lib"))
      .to contain_exactly('tasker_core.h', 'libtasker_core.a', 'libtasker_core.so', 'libtasker_core.so.1',
                          'pkgconfig/tasker_core.pc', 'cmake/tasker_core/tasker_core-config.cmake',
                          'cmake/tasker_core/tasker_core-config-version.cmake')
    expect(files_below(pages)).to include('C_API.md', 'OPERATIONS.md', 'LICENSE', 'THIRD_PARTY_LICENSES',
                                          'tasker_core.cdx.json', 'examples/first_task.c', 'examples/ready_steps.c',
                                          'examples/client.h', 'examples/msgpack.h')
    expect(File.readlink("#{prefix}/lib/libtasker_core.so")).to eq('libtasker_core.so.1')
    expect(CLibrary.run('readelf', '-d', "#{prefix}/lib/libtasker_core.so.1"))
      .to include('Library soname: [libtasker_core.so.1]')
    expect(File.read("#{prefix}/lib/pkgconfig/tasker_core.pc"))
      .to include("Version: #{TaskerCore::VERSION}\n", "prefix=#{prefix}\n")
  end

  it 'has a header that names pages which are there' do
    named = File.read("#{prefix}/include/tasker_core.h").scan(%r{[\w./-]+/[\w./-]+\.\w+}) - %w[go/wire]
    expect(named).to include("#{pages}/C_API.md", "#{pages}/OPERATIONS.md")
    expect(named.grep_v(/\A#{Regexp.escape(pages)}/)).to be_empty
    expect(named.reject { |file| File.file?(file) }).to be_empty
  end

  it 'has a page for C that sends nobody to sources, and whose links lead to installed pages' do
    page = File.read("#{pages}/C_API.md")
    expect(page).not_to match(%r{ext/\S+\.go\b})
    linked = page.scan(/\]\(([^)#]+)[^)]*\)/).flatten
    expect(linked).to include('OPERATIONS.md')
    expect(linked.reject { |link| File.file?("#{pages}/#{link}") }).to be_empty
  end

  it 'names what it is made of: every module in the library, with its licence' do
    bom = JSON.parse(File.read("#{pages}/tasker_core.cdx.json"))
    listed = bom['components'].map { |component| component['name'] } - ['std']
    expect(bom.values_at('bomFormat', 'specVersion')).to eq(['CycloneDX', '1.6'])
    expect(bom.dig('metadata', 'component')).to include('name' => 'tasker_core', 'version' => TaskerCore::VERSION)

    linked = CLibrary.run('go', 'version', '-m', "#{prefix}/lib/libtasker_core.so.1").scan(/^\tdep\t(\S+)/).flatten
    expect(listed).to match_array(linked)
    licences = File.read("#{pages}/THIRD_PARTY_LICENSES")
    linked.each { |name| expect(licences).to match(/^  #{Regexp.escape(name)} v\S+ \([\w. -]+\)$/) }
    expect(licences).to include('Copyright 2009 The Go Authors')
  end

  it 'is uninstalled without a trace, and leaves what is somebody else\'s' do
    Dir.mktmpdir do |folder|
      arguments = ["BUILD=#{prefix}/build", "DESTDIR=#{folder}", 'DOCDIR=/usr/share/doc/shared']
      CLibrary.make('install', *arguments)
      File.write("#{folder}/usr/share/doc/shared/mine", '')
      CLibrary.make('uninstall', *arguments)
      expect(files_below(folder)).to eq(['usr/share/doc/shared/mine'])
    end
  end

  describe 'in a program linked with what pkg-config says' do
    let(:program) { "#{prefix}/plain" }

    def compile(*options)
      flags = CLibrary.run({ 'PKG_CONFIG_PATH' => "#{prefix}/lib/pkgconfig" }, 'pkg-config', '--cflags', '--libs',
                           'tasker_core').split
      CLibrary.run('cc', '-o', program, "#{pages}/examples/ready_steps.c", *flags, *options)
    end

    # What the program says without arguments, once it has started.
    def start(env = {}) = Open3.capture2e(env, program).first

    it 'is not found under a prefix by itself; it is by LD_LIBRARY_PATH, and by an rpath' do
      compile
      expect(start).to include('libtasker_core.so.1: cannot open shared object file')
      expect(start('LD_LIBRARY_PATH' => "#{prefix}/lib")).to include('usage: ready_steps')

      compile("-Wl,-rpath,#{prefix}/lib")
      expect(start).to include('usage: ready_steps')
    end
  end

  it 'is said to need ldconfig or an rpath when it is installed, but not in a package (DESTDIR)' do
    Dir.mktmpdir do |folder|
      into = ["BUILD=#{prefix}/build", "PREFIX=#{folder}"]
      expect(CLibrary.make('install', *into))
        .to match(%r{link programs with -Wl,-rpath,#{folder}/lib.*PKG_CONFIG_PATH=#{folder}/lib/pkgconfig}m)
      expect(CLibrary.make('install', *into, "DESTDIR=#{folder}/package")).not_to include('rpath')
      # A folder that the loader knows; nothing is installed there.
      known = CLibrary.run('ldconfig', '-v', '-N', '-X')[%r{^(/\S+):}, 1]
      expect(CLibrary.run('sh', "#{CLibrary::ROOT}/c/say_how_it_is_found.sh", known, '/doc'))
        .to include('run ldconfig once as root')
    ensure
      CLibrary.make('install', "BUILD=#{prefix}/build", "PREFIX=#{prefix}")
    end
  end

  describe 'with CMake' do
    before do
      unless system('cmake', '--version', %i[out err] => File::NULL)
        skip 'cmake is not installed (bin/setup installs it on Debian)'
      end
    end

    around { |example| Dir.mktmpdir('tasker_core-cmake') { |folder| @build = folder and example.run } }

    def configure(place, wanted)
      Open3.capture2e('cmake', '-S', "#{CLibrary::ROOT}/c/test/cmake", '-B', @build, "-DCMAKE_PREFIX_PATH=#{place}",
                      "-DWANTED=#{wanted}", "-DEXAMPLE=#{pages}/examples/ready_steps.c")
    end

    it 'is found, and linked shared and static, after the prefix was moved too' do
      moved = File.join(@build, 'moved')
      FileUtils.cp_r(prefix, moved)
      output, status = configure(moved, TaskerCore::VERSION)
      expect(status).to be_success, output
      CLibrary.run('cmake', '--build', @build)

      expect(CLibrary.run('ldd', "#{@build}/shared")).to include("#{File.realpath(moved)}/lib/libtasker_core.so.1")
      expect(CLibrary.run('ldd', "#{@build}/static")).not_to include('libtasker_core')
      %w[shared static].each do |name|
        expect(Open3.capture2e("#{@build}/#{name}").first).to include('usage: ready_steps')
      end
    end

    it 'fits the versions that its programs work with, and no others' do
      major, minor, patch = Gem::Version.new(TaskerCore::VERSION).segments
      { "#{major}.#{minor}" => true, "#{major}.#{minor}.#{patch + 1}" => false, "#{major}.#{minor + 1}" => false,
        (major + 1).to_s => false }.each do |wanted, found|
        FileUtils.rm_rf(Dir.glob("#{@build}/*"))
        output, status = configure(prefix, wanted)
        expect(status.success?).to be(found), output
        expect(output).to include('requested version') unless found
      end
    end

    it 'says which file is missing where an installation is broken' do
      FileUtils.cp_r(prefix, "#{@build}/broken")
      FileUtils.rm("#{@build}/broken/lib/libtasker_core.so.1")
      output, status = configure("#{@build}/broken", TaskerCore::VERSION)
      expect(status).not_to be_success
      expect(output).to match(/libtasker_core\.so\.1\s+is\s+missing:\s+install\s+tasker_core\s+again/)
    end
  end
end
