# frozen_string_literal: true

require 'etc'

module TaskerCore
  # Whether a Go runtime can run in this process. If it cannot reserve memory, start a thread or
  # open a descriptor, it ends the process, so this is checked before it is loaded.
  #
  # @api private
  module Limits
    MEGABYTE = 1 << 20
    # The bytes that must be free: below a limit of the address space (ulimit -v), of which the
    # runtime reserves far more than it uses, and below a limit of the data (ulimit -d).
    NEEDED = { AS: 2048 * MEGABYTE, DATA: 256 * MEGABYTE }.freeze
    NAMES = { AS: ['address space', 'ulimit -v', 0], DATA: ['data', 'ulimit -d', 5] }.freeze
    # The number of threads and descriptors that it needs at once.
    THREADS = 8
    DESCRIPTORS = 8
    private_constant :MEGABYTE, :NEEDED, :NAMES, :THREADS, :DESCRIPTORS

    class << self
      # @return [String, nil] the limit of the process that is too low, and what to do
      def reason = memory(:AS) || memory(:DATA) || threads || descriptors

      private

      def memory(kind)
        limit = Process.getrlimit(kind).first
        return if limit == Process::RLIM_INFINITY

        name, command, column = NAMES[kind]
        free = limit - used(column)
        return if free >= NEEDED[kind]

        "the process may use #{limit / MEGABYTE} MB of #{name}, #{[free, 0].max / MEGABYTE} MB are free, and " \
          "the core needs #{NEEDED[kind] / MEGABYTE} MB: raise the limit (#{command}), or lift it"
      end

      # @param column [Integer] of /proc/self/statm, which counts pages
      def used(column)
        File.read('/proc/self/statm').split[column].to_i * Etc.sysconf(Etc::SC_PAGESIZE)
      rescue SystemCallError
        0
      end

      # They end by themselves: started while interrupts are masked, they receive none.
      def threads
        gate = Queue.new
        started = []
        THREADS.times { started << Thread.new { gate.pop } }
        nil
      rescue ThreadError => e
        "the core needs #{THREADS} threads of its own, and no more can be started (#{e.message}): " \
          'raise the limit of processes (ulimit -u, or pids.max of the cgroup)'
      ensure
        gate.close
        started.each(&:join)
      end

      def descriptors
        opened = []
        DESCRIPTORS.times { opened << File.open(File::NULL) }
        nil
      rescue SystemCallError => e
        "the core needs #{DESCRIPTORS} file descriptors, and no more can be opened (#{e.message}): " \
          'raise the limit (ulimit -n)'
      ensure
        opened.each(&:close)
      end
    end
  end
end
