# frozen_string_literal: true

require 'rbconfig'
require 'open3'
require 'shellwords'

module TaskerCore
  # What extconf.rb needs to know to build the Go core: whether it can be built
  # here, and the make rules that do it.
  class NativeBuild
    MINIMUM_GO = [1, 26].freeze

    # @param source [String] the folder of extconf.rb
    # @param log [#call] takes a line of progress
    def initialize(source:, log:)
      @source = source
      @log = log
    end

    # The archive that go build makes, in the build folder.
    def archive = File.join(Dir.pwd, 'libtasker_core_go.a')

    # @return [String, nil] why the core cannot be built here, nil where it can
    def unsupported_reason
      return 'JRuby and TruffleRuby have no C extensions of this kind' unless RUBY_ENGINE == 'ruby'
      return "the native core is proven on Linux with glibc only, this is #{RbConfig::CONFIG['host_os']}" unless linux?
      return 'musl libc refuses the thread-local storage model of a Go archive' if musl?

      go_reason
    end

    # Makes the rules that build the archive part of the Makefile, so that make
    # sees a changed Go source.
    def append_go_rules_to_makefile
      File.open('Makefile', 'a') { |makefile| makefile << go_rules }
    end

    # A Makefile that installs nothing but the reason.
    def write_ruby_only_makefile(reason)
      File.write('unavailable_reason', "#{reason}\n")
      File.write('Makefile', <<~MAKE)
        sitearchdir = #{RbConfig::CONFIG['sitearchdir']}
        all:
        clean:
        install:
        \tmkdir -p $(sitearchdir)/tasker_core
        \tcp unavailable_reason $(sitearchdir)/tasker_core/unavailable_reason
      MAKE
    end

    private

    def linux? = RbConfig::CONFIG['host_os'].start_with?('linux')

    def musl? = RbConfig::CONFIG['host_os'].include?('musl')

    def go_reason
      output, status = Open3.capture2e(go, 'version')
      version = output[/go(\d+)\.(\d+)/] && [Regexp.last_match(1).to_i, Regexp.last_match(2).to_i]
      return "`#{go} version` failed: #{output.strip}" unless status.success? && version
      return if (version <=> MINIMUM_GO) >= 0

      "Go #{MINIMUM_GO.join('.')} or newer is needed, found #{version.join('.')}"
    rescue Errno::ENOENT
      "Go #{MINIMUM_GO.join('.')} or newer is needed to compile the core and was not found; " \
        'install it (https://go.dev/dl) and reinstall the gem'
    end

    def go = ENV.fetch('GO', 'go')

    def go_directory = File.join(@source, 'go')

    def go_rules
      sources = Dir[File.join(go_directory, '**', '*.{go,c,h,sql,css,json,mod,sum}')].grep_v(/_test\.go\z/)
      <<~MAKE

        TASKER_CORE_GO_SOURCES = #{sources.map { |file| Shellwords.escape(file) }.join(" \\\n  ")}

        $(TARGET_SO): #{archive}

        #{archive}: $(TASKER_CORE_GO_SOURCES) #{File.join(@source, 'build_core.sh')}
        \t@echo "compiling the Go core (the first time takes a minute or two)"
        \tsh #{File.join(@source, 'build_core.sh').shellescape} #{archive.shellescape}
      MAKE
    end
  end
end
