# frozen_string_literal: true

require_relative 'native_build'

module TaskerCore
  # Installs the gem with its native core, or as Ruby only if the core cannot be built. The
  # build runs in separate processes, before the Makefile for RubyGems is written, so a
  # failing compiler does not fail the install.
  #
  # TASKER_CORE_REQUIRE_NATIVE=1 makes a failed build of the core fail the install.
  class GemInstall
    LIBRARY = "tasker_core_native.#{RbConfig::CONFIG['DLEXT']}".freeze
    REQUIRED = 'TASKER_CORE_REQUIRE_NATIVE'
    # In the folder where RubyGems runs extconf.rb; gone once the gem is installed.
    FOLDER = 'native'
    REASON = 'unavailable_reason'
    GIVEN_UP = /\A\S*make(\[\d+\])?: (\*\*\* \[|\w+ing )/
    LOG = 'build.log'

    # @param source [String] the folder of extconf.rb
    def initialize(source:)
      @source = source
      @build = NativeBuild.new(source:)
    end

    # @param arguments [Array<String>] what the user gave after `gem install tasker_core --`
    # @raise [SystemExit] if the core is required and was not built
    def run(arguments)
      FileUtils.rm_rf(FOLDER)
      FileUtils.mkdir_p(FOLDER)
      refusal = @build.refusal || compile(arguments)
      return write_makefile([LIBRARY]) unless refusal

      abort(required(refusal)) if ENV[REQUIRED] == '1'

      tell(refusal)
      File.write(File.join(FOLDER, REASON), "#{refusal.reason}\n#{refusal.remedy}\n")
      write_makefile([REASON, LOG].select { |name| File.file?(File.join(FOLDER, name)) })
    end

    private

    # @return [NativeBuild::Refusal, nil]
    def compile(arguments)
      log = +''
      built = [[RbConfig.ruby, File.join(@source, 'compile.rb'), *arguments], [ENV.fetch('MAKE', 'make')]]
              .all? { |command| succeeds?(command, log) } && File.file?(File.join(FOLDER, LIBRARY))
      return if built

      File.write(File.join(FOLDER, LOG), log)
      NativeBuild::Refusal.new(reason: "the native core could not be compiled: #{last_words(log)}",
                               remedy: "Fix the errors in #{LOG}, beside the file #{REASON}")
    end

    def succeeds?(command, log)
      output, status = Open3.capture2e(*command, chdir: FOLDER)
      log << output.scrub
      puts output
      status.success?
    rescue SystemCallError => e
      log << "#{command.first}: #{e.message}\n"
      false
    end

    # The last lines of the log, without make's own.
    def last_words(log)
      log.lines(chomp: true).reject { |line| line.strip.empty? || line.match?(GIVEN_UP) }.last(3).join(' / ')
    end

    def required(refusal)
      ["tasker_core: #{REQUIRED}=1 is set, and #{refusal.reason}.", refusal.remedy].compact.join("\n") <<
        "\nUnset #{REQUIRED} to install the gem as Ruby only."
    end

    # RubyGems hides the output of extconf.rb, so it is also written to RubyGems' own
    # standard error, if Linux allows it.
    def tell(refusal)
      said = "tasker_core: installed WITHOUT its native core, as Ruby only: #{refusal.reason}. " \
             "#{refusal.remedy && "#{refusal.remedy}, then install it again. "}" \
             "#{REQUIRED}=1 makes this an error."
      puts said
      File.open("/proc/#{Process.ppid}/fd/2", 'a') { |terminal| terminal.puts(said) }
    rescue SystemCallError
      nil
    end

    # RubyGems installs into its folder of extensions, and copies from there into lib/:
    # of the library, which is large, the copy is taken away again. Both are on the load
    # path. Cleaning is the last thing that RubyGems asks for.
    def write_makefile(names)
      File.write('Makefile', <<~MAKE)
        sitearchdir = #{RbConfig::CONFIG['sitearchdir']}
        TO = $(DESTDIR)$(sitearchdir)/tasker_core
        all:
        install:
        \tmkdir -p $(TO)
        \tcp #{names.map { |name| File.join(FOLDER, name) }.join(' ')} $(TO)
        \trm -rf #{FOLDER}
        clean:
        \tif cmp -s #{extension.shellescape} #{copy.shellescape}; then rm -f #{copy.shellescape}; fi
      MAKE
    end

    def gem_folder = File.expand_path('../..', @source)

    def copy = File.join(gem_folder, 'lib/tasker_core', LIBRARY)

    # Where Gem::Specification#extension_dir has it.
    def extension
      home = File.expand_path('../..', gem_folder)
      extensions = Gem.default_ext_dir_for(home) ||
                   File.join(home, 'extensions', Gem::Platform.local.to_s, Gem.extension_api_version)
      File.join(extensions, File.basename(gem_folder), 'tasker_core', LIBRARY)
    end
  end
end
