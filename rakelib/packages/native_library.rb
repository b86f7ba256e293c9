# frozen_string_literal: true

require 'fileutils'
require_relative 'elf'
require_relative 'ruby_headers'
require_relative 'zig'

module Packages
  # The extension for a platform and each Ruby minor, built against an old glibc.
  class NativeLibrary
    GOARCH = { 'x86_64-linux-gnu' => 'amd64', 'aarch64-linux-gnu' => 'arm64' }.freeze
    GLIBC = '2.17'
    NAME = 'tasker_core_native.so'
    # What every Linux with that glibc has; of Ruby's own library, whose name differs from
    # one distribution to the next, the symbols are those of the program that loads us.
    ALLOWED = /\A(lib(c|m|dl|rt|pthread|resolv)\.so\.\d|ld-linux-\S+)\z/
    EXPORTED = ['Init_tasker_core_native'].freeze
    EXTENSION = File.join(ROOT, 'ext/tasker_core')

    # @param platform [String] RubyGems' name, as aarch64-linux-gnu
    def initialize(platform)
      @platform = platform
      @goarch = GOARCH.fetch(platform) { raise ArgumentError, "#{platform} is none of #{GOARCH.keys.join(', ')}" }
      @folder = File.join(ROOT, 'tmp/packages/native', platform)
    end

    # @return [Hash{String => String}] the built library by Ruby minor
    # @raise [RuntimeError] if one cannot be built, or needs more than it may
    def build
      FileUtils.rm_rf(@folder)
      FileUtils.mkdir_p(@folder)
      compile_core
      RubyHeaders.for(@platform).to_h do |minor, headers|
        file = File.join(@folder, minor, NAME)
        FileUtils.mkdir_p(File.dirname(file))
        link(file, headers)
        complaints = NativeLibrary.complaints(file, @platform)
        raise "#{file}: #{complaints.join('; ')}" if complaints.any?

        [minor, file]
      end
    end

    # @param file [String]
    # @param platform [String]
    # @return [Array<String>] why a library would not load on every machine of its platform
    def self.complaints(file, platform)
      elf = Elf.new(file)
      highest = elf.highest('GLIBC')
      [("is for #{elf.machine}" unless platform.start_with?("#{elf.machine}-")),
       ("needs GLIBC_#{highest}, more than #{GLIBC}" if highest && highest > Gem::Version.new(GLIBC)),
       *elf.needed.grep_v(ALLOWED).map { |name| "needs #{name}" },
       ("exports #{elf.exported.join(' ')}" unless elf.exported == EXPORTED)].compact
    end

    private

    def archive = File.join(@folder, 'libtasker_core_go.a')

    def compiler = Zig.compiler("#{@platform}.#{GLIBC}")

    def compile_core
      target = { 'CC' => compiler.join(' '), 'GOOS' => 'linux', 'GOARCH' => @goarch, 'GOFLAGS' => nil }
      Command.run('sh', File.join(EXTENSION, 'build_core.sh'), archive, env: { **Zig.environment, **target })
    end

    def link(file, headers)
      version_script = File.join(@folder, 'exported')
      File.write(version_script, "{ global: #{EXPORTED.join('; ')}; local: *; };\n")
      Command.run(*compiler, '-shared', '-fPIC', '-std=gnu11', '-O2', '-Wall', *headers.map { |folder| "-I#{folder}" },
                  "-I#{EXTENSION}", *Dir[File.join(EXTENSION, '*.c')], archive, '-o', file, '-s',
                  "-Wl,--version-script=#{version_script}", '-Wl,-Bsymbolic', '-Wl,-z,relro', '-Wl,-z,now',
                  '-lpthread', '-lresolv', env: Zig.environment)
    end
  end
end
