# frozen_string_literal: true

require 'fileutils'
require 'rbconfig'
require 'tmpdir'
require_relative 'results'
require_relative 'smoke'

module Packages
  # Looks at the C library as somebody meets it who unpacks it and compiles a program.
  class CLibraryCheck
    NAME = 'libtasker_core'

    # In a mount namespace: PREFIX CACHE PROGRAM URL TASK.
    LDCONFIG = <<~SHELL
      mount --bind "$1" /usr/local && ldconfig -C "$2" && mount --bind "$2" /etc/ld.so.cache && exec "$3" "$4" "$5"
    SHELL
    SAID = /\Aready: \d+\nclaim \d+: allowed \ncomplete \d+: allowed \nready: \d+\n\z/

    # Builds the archive of an installation twice, and uses it in places of its own.
    def run
      Results.stage('C library: built twice') { build_twice }
      Smoke.database do |url|
        Smoke.install_schema(url)
        Results.stage('C library: the example, linked in each way') { use(url) }
      end
    end

    private

    def version = File.read(File.join(ROOT, 'lib/tasker_core/version.rb'))[/VERSION = '(.*)'/, 1]

    def archive = File.join(ROOT, 'pkg', "#{NAME}-#{version}-#{RbConfig::CONFIG['host_cpu']}-linux-gnu.tar.gz")

    def build_twice
      FileUtils.mkdir_p(File.dirname(archive))
      pack(archive)
      Dir.mktmpdir('tasker_core-c') do |folder|
        pack("#{folder}/again.tar.gz")
        raise "#{File.basename(archive)} is not the same when it is built again" \
          unless FileUtils.identical?(archive, "#{folder}/again.tar.gz")
      end
      Results.add('C library, built twice', 'the same bytes')
    end

    # What `make install` leaves, with the time of the commit.
    def pack(file)
      Dir.mktmpdir('tasker_core-c') do |folder|
        make('install', "BUILD=#{folder}/build", "DESTDIR=#{folder}/root", 'PREFIX=/usr/local')
        Command.run('tar', '--sort=name', "--mtime=@#{ENV.fetch('SOURCE_DATE_EPOCH')}", '--owner=0', '--group=0',
                    '--numeric-owner', '--use-compress-program=gzip -9n', '-cf', file, '-C', "#{folder}/root", 'usr')
      end
    end

    def make(*arguments) = Command.run('make', '--silent', '-C', File.join(ROOT, 'c'), *arguments)

    def use(url)
      Dir.mktmpdir('tasker_core-c') do |folder|
        Command.run('tar', '-xzf', archive, '-C', folder)
        prefix = "#{folder}/usr/local"
        Command.run('install', '-d', "#{folder}/programs")
        with_pkg_config(prefix, "#{folder}/programs", url)
        with_cmake(prefix, "#{folder}/programs/cmake", url)
        after_ldconfig(prefix, "#{folder}/programs/plain", url)
      end
    end

    # pkg-config takes another place than the file says by its sysroot.
    def with_pkg_config(prefix, programs, url)
      env = { 'PKG_CONFIG_PATH' => "#{prefix}/lib/pkgconfig",
              'PKG_CONFIG_SYSROOT_DIR' => prefix.delete_suffix('/usr/local') }
      flags = Command.run('pkg-config', '--cflags', '--libs', 'tasker_core', env:).split
      { 'plain' => [], 'rpath' => ["-Wl,-rpath,#{prefix}/lib"] }.each do |name, more|
        Command.run('cc', '-o', "#{programs}/#{name}", example(prefix), *flags, *more)
      end
      Results.add('C library: pkg-config and an rpath', example_says("#{programs}/rpath", url))
      Results.add('C library: LD_LIBRARY_PATH',
                  example_says("#{programs}/plain", url, 'LD_LIBRARY_PATH' => "#{prefix}/lib"))
    end

    def with_cmake(prefix, build, url)
      Command.run('cmake', '-S', File.join(ROOT, 'c/test/cmake'), '-B', build, "-DCMAKE_PREFIX_PATH=#{prefix}",
                  "-DWANTED=#{version}", "-DEXAMPLE=#{example(prefix)}")
      Command.run('cmake', '--build', build)
      %w[shared static].each do |kind|
        Results.add("C library: CMake, #{kind}", example_says("#{build}/#{kind}", url))
      end
    end

    # /usr/local and the loader's cache are others in a mount namespace of its own.
    def after_ldconfig(prefix, program, url)
      what = 'C library: /usr/local and ldconfig'
      return Results.add(what, 'not run: it needs root for a mount namespace') unless namespaces?

      Dir.mktmpdir do |cache|
        arguments = [prefix, "#{cache}/ld.so.cache", program, url, Smoke.task(url)]
        Results.add(what, verdict(Command.run('unshare', '--mount', 'sh', '-c', LDCONFIG, 'sh', *arguments)))
      end
    end

    def namespaces? = Process.uid.zero? && system('unshare', '--mount', 'true', %i[out err] => File::NULL)

    def example(prefix) = "#{prefix}/share/doc/tasker_core/examples/ready_steps.c"

    def example_says(program, url, env = {})
      verdict(Command.run(program, url, Smoke.task(url), env:))
    end

    def verdict(output)
      raise "the example said:\n#{output}" unless output.match?(SAID)

      'the example ran a step'
    end
  end
end
