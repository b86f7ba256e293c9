# frozen_string_literal: true

require 'fileutils'
require 'open3'
require 'rbconfig'
require 'rubygems/package'
require 'shellwords'
require 'zlib'

module TaskerCore
  # Whether the Go core can be built here, the folder that it is built from, and the
  # make rules that do it.
  class NativeBuild
    MINIMUM_GO = [1, 26].freeze
    # The vendored Go modules, in the packaged gem alone; a checkout has Go fetch them.
    MODULES = 'go_modules.tar.gz'

    # The reason why there is no native core.
    #
    # @!attribute [r] reason
    #   @return [String] what is missing or failed
    # @!attribute [r] remedy
    #   @return [String, nil] how to fix it; nil if it cannot be fixed
    Refusal = Data.define(:reason, :remedy)

    # @param source [String] the folder of extconf.rb
    # @param config [Hash{String => String}] RbConfig's answers
    # @param engine [String] the implementation of Ruby
    def initialize(source:, config: RbConfig::CONFIG, engine: RUBY_ENGINE)
      @source = source
      @config = config
      @engine = engine
    end

    # The archive that go build makes, in the build folder.
    def archive = File.join(Dir.pwd, 'libtasker_core_go.a')

    # @return [Refusal, nil] why the core cannot be built here; nil if it may be built
    def refusal
      reason = platform_reason
      return Refusal.new(reason:, remedy: nil) if reason

      reason = go_reason
      Refusal.new(reason:, remedy: "Install Go #{minimum_go} or newer (https://go.dev/dl) and a C compiler") if reason
    end

    # Where the gem carries the modules, the core's sources are copied into the build
    # folder and the modules unpacked beside them; otherwise it is built in place.
    #
    # @return [String] the folder with build_core.sh
    def prepare_core
      modules = File.join(@source, MODULES)
      return @source unless File.file?(modules)

      File.join(Dir.pwd, 'core').tap do |core|
        FileUtils.rm_rf(core)
        FileUtils.mkdir_p(core)
        FileUtils.cp_r(%w[go include build_core.sh].map { |name| File.join(@source, name) }, core)
        unpack(modules, File.join(core, 'go'))
      end
    end

    # Makes the rules that build the archive part of the Makefile, so that make
    # sees a changed Go source.
    #
    # @param core [String] what prepare_core returned
    def append_go_rules_to_makefile(core)
      File.open('Makefile', 'a') { |makefile| makefile << go_rules(core) }
    end

    private

    def platform_reason
      return "#{@engine} has no C extensions of this kind" unless @engine == 'ruby'

      system = @config['host_os']
      return "the native core needs Linux with glibc, and this is #{system}" unless system.start_with?('linux')

      'musl libc refuses the thread-local storage model of a Go archive' if system.include?('musl')
    end

    def go_reason
      output, status = Open3.capture2e(go, 'version')
      version = output[/go(\d+)\.(\d+)/] && [Regexp.last_match(1).to_i, Regexp.last_match(2).to_i]
      return "`#{go} version` failed: #{output.strip}" unless status.success? && version
      return if (version <=> MINIMUM_GO) >= 0

      "Go #{minimum_go} or newer is needed, found #{version.join('.')}"
    rescue SystemCallError => e
      "Go #{minimum_go} or newer is needed to compile the core and was not found (#{e.message})"
    end

    def minimum_go = MINIMUM_GO.join('.')

    def go = ENV.fetch('GO', 'go')

    def unpack(modules, folder)
      Zlib::GzipReader.open(modules) do |stream|
        Gem::Package::TarReader.new(stream).each do |entry|
          file = File.join(folder, entry.full_name)
          FileUtils.mkdir_p(File.dirname(file))
          File.binwrite(file, entry.read || '')
        end
      end
    end

    def go_rules(core)
      sources = Dir[File.join(core, 'go', '**', '*.{go,c,h,sql,css,json,mod,sum}')]
                .grep_v(%r{_test\.go\z|/vendor/})
      script = File.join(core, 'build_core.sh')
      <<~MAKE

        TASKER_CORE_GO_SOURCES = #{sources.map { |file| Shellwords.escape(file) }.join(" \\\n  ")}

        $(TARGET_SO): #{archive}

        #{archive}: $(TASKER_CORE_GO_SOURCES) #{script}
        \t@echo "compiling the Go core (the first time takes a minute or two)"
        \tsh #{script.shellescape} #{archive.shellescape}
      MAKE
    end
  end
end
