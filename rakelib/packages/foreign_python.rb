# frozen_string_literal: true

require_relative 'debian'
require_relative 'python_tools'

module Packages
  # Debian's Python for aarch64 and the emulator that runs it here, unpacked into folders.
  class ForeignPython
    # @raise [RuntimeError] if Debian's packages cannot be had
    def initialize
      @emulator = "#{Debian.new('x86_64-linux-gnu').unpacked('qemu-user-static')}/usr/bin/qemu-aarch64-static"
      @root = Debian.new('aarch64-linux-gnu').unpacked('python3', 'libgcc-s1')
    rescue Errno::ENOENT => e
      raise "this machine is no Debian: #{e.message}"
    end

    # @return [Array<String>] the command that is this Python
    def command = [@emulator, '-L', @root, "#{@root}/usr/bin/python3"]

    # Installs a wheel, and what it depends on, as pip does on that processor.
    #
    # @return [Hash{String => String}] the environment in which Python finds them
    def install(wheel, into:)
      version = Command.run(*command, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])').strip
      Command.run(PythonTools.python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
                  '--target', into, '--only-binary=:all:', '--platform', 'manylinux2014_aarch64',
                  '--python-version', version, wheel)
      { 'PYTHONPATH' => into }
    end
  end
end
