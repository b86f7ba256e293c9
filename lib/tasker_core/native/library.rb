# frozen_string_literal: true

require 'tmpdir'
require_relative 'installation'
require_relative 'limits'

module TaskerCore
  # Loads the native library on first use, never earlier. A Go runtime that was loaded in a parent
  # hangs in its forked children, so servers that fork after boot (Puma, Sidekiq swarms, Spring)
  # must not load it in the parent.
  #
  # @api private
  module Library
    FILE = Installation::LIBRARY
    # TASKER_CORE_IMPLEMENTATION=ruby turns the native core off; =native makes its absence an error
    # instead of a fallback.
    FORCED = 'TASKER_CORE_IMPLEMENTATION'

    @mutex = Mutex.new
    @pid = nil
    @reason = nil

    class << self
      # @return [Boolean] whether the native core can be called in this process
      def available? = unavailable_reason.nil?

      # @return [String, nil] the reason if it cannot be called
      # @raise [Unavailable] if TASKER_CORE_IMPLEMENTATION=native requires it
      def unavailable_reason
        load_once
        raise Unavailable.new(@reason, code: 'unavailable') if @reason && ENV[FORCED] == 'native'

        @reason
      end

      # Loads the library if this process has not tried yet.
      #
      # @return [void]
      # @raise [Unavailable] if it cannot be loaded
      def load!
        reason = unavailable_reason
        raise Unavailable.new("the native core is not available: #{reason}", code: 'unavailable') if reason
      end

      # @return [Boolean] whether the library was loaded in this process
      def loaded? = @pid == Process.pid && @reason.nil?

      private

      # An interrupt (Timeout, Thread#kill) during loading is handled afterwards, because a
      # half-loaded library would be loaded again.
      def load_once
        return if @pid == Process.pid

        @mutex.synchronize do
          Thread.handle_interrupt(Object => :never) do
            next if @pid == Process.pid

            @reason = try_to_load
            @pid = Process.pid
          end
        end
      end

      def try_to_load
        return "#{FORCED}=ruby is set" if ENV[FORCED] == 'ruby'
        return Installation.reason unless path

        return if here?

        Limits.reason || load_library
      rescue LoadError, SystemCallError => e
        "the library #{path} does not load: #{e.message}"
      end

      # A signal whose handler raises cannot be deferred. The interrupted call may have loaded the
      # library already, and a second runtime must not be loaded beside it.
      def here? = inherited? && Native.process == Process.pid

      def load_library
        inherited? ? load_private_copy : require(path)
        nil
      end

      # A parent of this process has loaded the library, and its runtime does not work here. A
      # private copy (another file, so another mapping) has its own runtime; its symbols are bound
      # to itself, see extconf.rb.
      #
      # The copy has no name while it is written, so a process that is killed meanwhile leaves only
      # a symbolic link to itself.
      def load_private_copy
        Dir.mktmpdir('tasker_core') do |directory|
          name = File.join(directory, FILE)
          File.open(name, File::RDWR | File::CREAT | File::EXCL, 0o700) do |copy|
            File.unlink(name)
            IO.copy_stream(path, copy)
            copy.flush
            File.symlink("/proc/#{Process.pid}/fd/#{copy.fileno}", name)
            require name
          end
        end
      end

      def inherited? = defined?(TaskerCore::Native) ? true : false

      def path
        @path ||= Installation.library
      end
    end
  end
end
