# frozen_string_literal: true

require 'fileutils'
require_relative 'command'

module Packages
  # Debian's packages for another processor, unpacked into a folder: nothing of it is
  # installed, and apt's own lists stay as they are.
  class Debian
    ARCHITECTURES = { 'x86_64-linux-gnu' => 'amd64', 'aarch64-linux-gnu' => 'arm64' }.freeze

    # @param platform [String] as aarch64-linux-gnu
    def initialize(platform)
      @architecture = ARCHITECTURES.fetch(platform)
      @home = File.join(ROOT, 'tmp/packages/debian', @architecture)
    end

    # @param names [Array<String>] packages; what they depend on comes along
    # @return [String] the folder that is their root
    # @raise [RuntimeError] if apt does not get them
    def unpacked(*names)
      folder = File.join(@home, names.join('+'))
      return folder if File.file?("#{folder}/complete")

      prepare
      apt('install', '--download-only', '--yes', *names)
      Dir["#{@home}/cache/archives/*.deb"].each { |package| Command.run('dpkg-deb', '-x', package, folder) }
      FileUtils.rm_rf("#{@home}/cache")
      link_folders(folder)
      FileUtils.touch("#{folder}/complete")
      folder
    end

    private

    # On an installed Debian these are links; the packages do not have them.
    def link_folders(folder)
      %w[lib lib64 bin].reject { |name| File.exist?("#{folder}/#{name}") }
                       .each { |name| FileUtils.ln_s("usr/#{name}", "#{folder}/#{name}") }
    end

    # Nothing counts as installed, so that every dependency comes.
    def prepare
      %w[state/lists/partial cache/archives/partial].each { |name| FileUtils.mkdir_p(File.join(@home, name)) }
      FileUtils.touch("#{@home}/state/status")
      apt('update')
    end

    # The newest of everything, all from one release, whatever this machine prefers.
    def options
      ["APT::Architecture=#{@architecture}", "APT::Architectures=#{@architecture}", 'APT::Install-Recommends=false',
       "Dir::State=#{@home}/state", "Dir::State::status=#{@home}/state/status", "Dir::Cache=#{@home}/cache",
       'Dir::Etc::preferences=/dev/null', 'Dir::Etc::preferencesparts=/dev/null', 'APT::Sandbox::User=root',
       'Debug::NoLocking=true'].flat_map { |option| ['-o', option] }
    end

    def apt(*arguments)
      Command.run('apt-get', '-qq', *options, *arguments, env: { 'DEBIAN_FRONTEND' => 'noninteractive' })
    end
  end
end
