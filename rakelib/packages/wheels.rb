# frozen_string_literal: true

require 'tmpdir'
require_relative 'python_tools'
require_relative 'zig'

module Packages
  # The source distribution, and the wheels made of it for systems with an old glibc.
  #
  # Zig's C compiler links against the glibc that is asked for, whatever the machine
  # has, and for other processors too; auditwheel then says which glibc a wheel needs.
  class Wheels
    # The glibc of manylinux2014: what Debian 8, Ubuntu 14.04 and RHEL 7 have or newer.
    GLIBC = '2.17'
    # A processor, in the words of Python and in those of Go.
    GOARCH = { 'x86_64' => 'amd64', 'aarch64' => 'arm64' }.freeze

    # @param into [String] the folder for what is built
    def initialize(into = File.join(ROOT, 'pkg'))
      @into = into
      FileUtils.mkdir_p(into)
    end

    # Builds everything.
    #
    # @return [Array<String>] the paths of the source distribution and the wheels
    def build
      FileUtils.rm_f(Dir["#{@into}/tasker_core-*.{tar.gz,whl}"])
      run_build('--sdist', '--outdir', @into, File.join(ROOT, 'python'))
      GOARCH.each_key { |processor| build_wheel(processor) }
      [source, *GOARCH.keys.map { |processor| wheel(processor) }]
    end

    # @return [String] the path of the built source distribution
    def source = only("#{@into}/tasker_core-*.tar.gz")

    # @param processor [String] x86_64 or aarch64
    # @return [String] the path of the built wheel
    # @raise [RuntimeError] if there is none that runs with that glibc
    def wheel(processor) = only("#{@into}/tasker_core-*manylinux_#{GLIBC.tr('.', '_')}_#{processor}*.whl")

    private

    def build_wheel(processor)
      Dir.mktmpdir('tasker_core-wheel') do |folder|
        run_build('--wheel', '--outdir', folder, "--config-setting=--build-option=--plat-name=linux_#{processor}",
                  unpacked(folder), env: compiler(processor))
        # It names a wheel after the oldest glibc that has all that the wheel needs.
        Command.run('auditwheel', 'repair', '--plat', 'auto', '--wheel-dir', @into, only("#{folder}/*.whl"),
                    env: PythonTools.path)
      end
    end

    # Elsewhere each time: a path that gets into the wheel makes two builds differ.
    def unpacked(folder)
      Command.run('tar', '-xzf', source, '-C', folder)
      only("#{folder}/tasker_core-*/")
    end

    def run_build(*arguments, env: {})
      Command.run(PythonTools.python, '-m', 'build', '--no-isolation', *arguments, env: PythonTools.path.merge(env))
    end

    # Without the network: what a source distribution needs beside Go is in it.
    def compiler(processor)
      command = Zig.compiler("#{processor}-linux-gnu.#{GLIBC}").join(' ')
      Zig.environment.merge('CC' => command, 'LDSHARED' => "#{command} -shared", 'CFLAGS' => '-g0',
                            'GOARCH' => GOARCH.fetch(processor), 'GOPROXY' => 'off', 'GOFLAGS' => '-mod=vendor')
    end

    def only(pattern)
      found = Dir[pattern]
      return found.first if found.size == 1

      raise "expected one #{pattern}, found #{found.size}: `rake wheels` builds it, and a wheel that needs a newer " \
            "glibc has another name (here: #{Dir["#{@into}/*"].map { |file| File.basename(file) }.join(', ')})"
    end
  end
end
