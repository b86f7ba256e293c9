# frozen_string_literal: true

require_relative 'support'
require 'msgpack'
require 'rbconfig'
require 'rexml/document'

# The C library as somebody uses it who has installed it: built once for all
# examples, installed into a folder of its own, found by pkg-config.
module CLibrary
  ROOT = Packaging::ROOT
  # The archive that `rake compile` has left: the Go core is not built a second time.
  ARCHIVE = File.join(ROOT, 'tmp/build', RUBY_PLATFORM, RUBY_VERSION, 'libtasker_core_go.a')
  STRICT = %w[-Wall -Wextra -pedantic -Werror].freeze

  class << self
    # @return [String] the PREFIX of the installed library
    def prefix
      @prefix ||= Dir.mktmpdir('tasker_core-c').tap do |folder|
        at_exit { FileUtils.rm_rf(folder) }
        make('install', "PREFIX=#{folder}", "BUILD=#{folder}/build")
      end
    end

    def make(*arguments)
      known = File.file?(ARCHIVE) ? ["ARCHIVE=#{ARCHIVE}"] : []
      run('make', '--silent', '-C', File.join(ROOT, 'c'), *known, *arguments)
    end

    # Compiles a program with what pkg-config says.
    #
    # @param source [String] relative to the repository
    # @return [String] the program's path
    def compile(source, *options, linked: '--libs')
      flags = run({ 'PKG_CONFIG_PATH' => "#{prefix}/lib/pkgconfig" }, 'pkg-config', '--cflags', linked, 'tasker_core')
      name = [File.basename(source, '.c'), *options, linked].join.gsub(/[^a-z_0-9]/, '_')
      File.join(prefix, name).tap do |program|
        run(ENV.fetch('CC', 'cc'), '-std=c99', '-g', *STRICT, '-pthread', '-o', program, File.join(ROOT, source),
            *flags.split, *options, "-Wl,-rpath,#{prefix}/lib")
      end
    end

    # @return [String] what the command wrote to standard output
    # @raise [RuntimeError] if it failed
    def run(*command)
      output, complaints, status = Open3.capture3(*command)
      raise "#{command.grep(String).join(' ')} failed (#{status}):\n#{output}#{complaints}" unless status.success?

      output
    end
  end

  # The C library in a C program (c/test/relay.c), with the face of a Core: statements
  # are run here, on the host's connection.
  class Relay
    def initialize(program)
      @pipe = IO.popen([program], 'r+b')
    end

    def call(operation, arguments, host)
      answers = []
      loop do
        kind, *reply = exchange([operation, arguments, answers])
        return reply.first if kind.zero?
        raise TaskerCore::Error.from_wire(reply.first) if kind == 2

        answers << host.answer(*reply)
      end
    end

    def close = @pipe.close

    private

    def exchange(request)
      bytes = request.to_msgpack
      @pipe.write([bytes.bytesize].pack('N'), bytes)
      MessagePack.unpack(@pipe.read(@pipe.read(4).unpack1('N')))
    end
  end

  # Programs under valgrind.
  module Valgrind
    # Runs a program. c/test/valgrind.supp says what is Go's own noise; of what it
    # cannot name (system calls) the same is left out here.
    #
    # @return [Array(String, Array<String>)] what it wrote to standard output, and what was found
    def valgrind(*command)
      unless system('valgrind', '--version', out: File::NULL)
        skip 'valgrind is not installed (bin/setup installs it on Debian)'
      end

      Dir.mktmpdir do |folder|
        report = File.join(folder, 'report.xml')
        output, complaints, status = Open3.capture3({ 'GODEBUG' => 'asyncpreemptoff=1' }, 'valgrind', *options(report),
                                                    *command)
        raise "valgrind failed (#{status}):\n#{output}#{complaints}" unless status.success?

        [output, found(File.read(report))]
      end
    end

    private

    def options(report)
      ['--quiet', '--leak-check=full', '--show-leak-kinds=definite', '--xml=yes', "--xml-file=#{report}",
       "--suppressions=#{File.join(ROOT, 'c/test/valgrind.supp')}"]
    end

    def found(report)
      errors = REXML::XPath.match(REXML::Document.new(report), '//error')
      errors.reject { |error| error.elements['kind'].text == 'SyscallParam' && from_library?(error) }
            .map { |error| describe(error) }
    end

    def from_library?(error)
      REXML::XPath.match(error, 'stack/frame/obj').any? { |object| object.text.include?('libtasker_core.so') }
    end

    def describe(error)
      what = error.elements['what'] || error.elements['xwhat/text']
      functions = REXML::XPath.match(error, 'stack/frame/fn').map(&:text)
      "#{error.elements['kind'].text}: #{what.text} by #{functions.join(' by ')}"
    end
  end
end
