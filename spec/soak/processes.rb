# frozen_string_literal: true

require 'json'
require 'rbconfig'

module Soak
  # The processes that work: started, killed, and started again when they have ended.
  class Processes
    # Signals that nobody sends here: the process itself is broken.
    CRASHES = %w[SEGV ABRT BUS ILL FPE TRAP].map { |name| Signal.list.fetch(name) }.freeze
    HERE = __dir__
    POOL = 20

    # A process with its descendants, in a group of its own.
    Member = Struct.new(:name, :pid, :since, :paused)

    # @return [Array<String>] what ended in a way that no fault explains
    attr_reader :crashes

    # @param folder [String] for logs and sockets
    # @param url [String] of the database
    # @param python [String, nil] the interpreter that has the wheel
    # @param workflows [Hash{String => Array<String>}] the steps for Python
    def initialize(folder, url, python:, workflows:)
      @folder = folder
      @environment = { 'DATABASE_URL' => "#{url}&pool=#{POOL}" }
      @commands = { 'sidekiq 1' => sidekiq, 'sidekiq 2' => sidekiq, 'puma' => puma }
      @commands['python'] = [python, File.join(HERE, 'steps.py'), url, JSON.generate(workflows)] if python
      @crashes = []
      @members = @commands.keys.to_h { |name| [name, start(name)] }
    end

    def names = @commands.keys

    # @return [Member]
    def [](name) = @members.fetch(name)

    # Sends a signal to the process alone, or to everything that it has started.
    def signal(name, signal, group: false)
      Process.kill(signal, group ? -self[name].pid : self[name].pid)
    rescue Errno::ESRCH
      nil
    end

    # Stops the process for some seconds. It goes on whatever else is done meanwhile: who repairs
    # tasks may wait for a lock that it holds.
    def pause(name, seconds)
      member = self[name]
      member.paused = true
      signal(name, :STOP, group: true)
      Thread.new { sleep(seconds).then { resume(member) } }
    end

    # @return [Array<Integer>]
    def children(name)
      pid = self[name].pid
      File.read("/proc/#{pid}/task/#{pid}/children").split.map(&:to_i)
    rescue SystemCallError
      []
    end

    # Starts again what has ended.
    def tend
      @members.each_value do |member|
        ended = Process.wait2(member.pid, Process::WNOHANG)&.last
        next unless ended

        judge(member, ended)
        end_group(member)
        @members[member.name] = start(member.name)
      end
    end

    def resume_all = @members.each_value { |member| resume(member) if member.paused }

    def stop
      @members.each_value do |member|
        end_group(member)
        Process.wait(member.pid)
      rescue Errno::ECHILD
        nil
      end
    end

    # @return [Array<String>] the ends of the logs
    def logs = Dir[File.join(@folder, '*.log')].map { |log| "#{log}:\n#{File.readlines(log).last(30).join}" }

    private

    def start(name)
      log = File.join(@folder, "#{name.tr(' ', '_')}.log")
      pid = Process.spawn(@environment, *@commands.fetch(name), out: [log, 'a'], err: %i[child out],
                                                                in: File::NULL, pgroup: true)
      Member.new(name, pid, now, nil)
    end

    def judge(member, status)
      broken = status.signaled? && CRASHES.include?(status.termsig)
      @crashes << "#{member.name} ended with #{status.inspect}" if broken
    end

    def resume(member)
      member.paused = nil
      Process.kill(:CONT, -member.pid)
    rescue Errno::ESRCH
      nil
    end

    def end_group(member)
      Process.kill(:KILL, -member.pid)
    rescue Errno::ESRCH
      nil
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def sidekiq
      [RbConfig.ruby, '-W0', '-S', 'sidekiq', '-r', File.join(HERE, 'application.rb'), '-c', '3', '-q', 'default',
       '-t', '4']
    end

    def puma = [RbConfig.ruby, '-W0', '-S', 'puma', '-C', File.join(HERE, 'puma.rb'), File.join(HERE, 'config.ru')]
  end
end
