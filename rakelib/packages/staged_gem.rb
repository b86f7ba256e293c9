# frozen_string_literal: true

require 'fileutils'
require 'rubygems/package'
require_relative 'go_modules'
require_relative 'native_library'

module Packages
  # A gem, built in a folder of its own that has nothing but its files: the same files
  # give the same gem.
  class StagedGem
    OUTPUT = File.join(ROOT, 'pkg')
    SPECIFICATION = File.join(ROOT, 'tasker_core.gemspec')
    LICENCES = 'THIRD_PARTY_LICENSES'
    BILL = 'tasker_core.cdx.json'
    MODULES = 'ext/tasker_core/go_modules.tar.gz'

    class << self
      # The gem that is compiled where it is installed, with everything that this needs.
      #
      # @return [String] the gem's path
      def source
        stage = new('ruby')
        stage.write(MODULES) { |file| GoModules.archive(file) }
        stage.build
      end

      # The gem with libraries, for a platform.
      #
      # @param platform [String] as aarch64-linux-gnu
      # @param libraries [Hash{String => String}] the library's path by the Ruby minor that it is for
      # @return [String] the gem's path
      def precompiled(platform, libraries)
        stage = new(platform)
        libraries.each do |minor, library|
          stage.write("lib/tasker_core/#{minor}/#{File.basename(library)}") { |file| FileUtils.cp(library, file) }
        end
        stage.build { |specification| without_compiling(specification, platform, libraries.keys) }
      end

      private

      def without_compiling(specification, platform, minors)
        first, last = minors.map { |minor| Gem::Version.new("#{minor}.0") }.minmax
        specification.platform = platform
        specification.extensions = []
        specification.post_install_message = nil
        specification.required_ruby_version = [">= #{first}", "< #{last.bump}.dev"]
        specification.files = specification.files.grep_v(%r{\Aext/})
      end
    end

    # @param platform [String]
    def initialize(platform)
      @platform = platform
      @specification = Gem::Specification.load(SPECIFICATION).dup
      @folder = File.join(ROOT, 'tmp/packages/gem', platform)
      FileUtils.rm_rf(@folder)
      @specification.files.each { |name| write(name) { |file| FileUtils.cp(File.join(ROOT, name), file) } }
    end

    # Adds a file that no commit has.
    #
    # @param name [String] inside the gem
    # @yieldparam file [String] where it is to be
    def write(name)
      file = File.join(@folder, name)
      FileUtils.mkdir_p(File.dirname(file))
      yield file
      FileUtils.chmod(0o644, file)
    end

    # @yieldparam specification [Gem::Specification] to change before the gem is built
    # @return [String] the gem's path
    def build
      write(LICENCES) { |file| third_party('licences', file) }
      write(BILL) { |file| third_party('sbom', file, *subject) }
      @specification.files = Dir.glob('**/*', base: @folder).select { |name| File.file?(File.join(@folder, name)) }.sort
      yield @specification if block_given?
      FileUtils.mkdir_p(OUTPUT)
      file = File.join(OUTPUT, @specification.file_name)
      Dir.chdir(@folder) { Gem::Package.build(@specification, false, true, file) }
      file
    ensure
      FileUtils.rm_rf(@folder)
    end

    private

    # What the gem says of the Go modules in it.
    def third_party(form, file, *about)
      goarch = NativeLibrary::GOARCH[@platform]
      Command.run('sh', 'ext/tasker_core/third_party.sh', '-form', form, '-o', file, *about,
                  env: { **Command::ALONE, 'GOARCH' => goarch })
    end

    def subject
      name = @specification.name
      version = @specification.version.to_s
      platform = "?platform=#{@platform}" unless @platform == 'ruby'
      ['-name', name, '-version', version, '-purl', "pkg:gem/#{name}@#{version}#{platform}"]
    end
  end
end
