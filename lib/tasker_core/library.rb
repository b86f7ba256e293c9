# frozen_string_literal: true

require 'fileutils'
require 'tmpdir'
require 'rbconfig'

module TaskerCore
  # Loads the native library, on first use and never earlier: a Go runtime that
  # was loaded in a parent hangs in its forked children, so that servers which
  # fork after boot (Puma, Sidekiq swarms, Spring) must not have it in the parent.
  module Library
    FILE = "tasker_core_native.#{RbConfig::CONFIG['DLEXT']}".freeze
    # TASKER_CORE_IMPLEMENTATION=ruby keeps the native core out;
    # =native makes its absence an error instead of a fall-back.
    FORCED = 'TASKER_CORE_IMPLEMENTATION'

    @mutex = Mutex.new
    @pid = nil
    @reason = nil

    class << self
      # @return [Boolean] whether the native core can be called in this process
      def available? = unavailable_reason.nil?

      # @return [String, nil] why it cannot
      # @raise [Unavailable] if TASKER_CORE_IMPLEMENTATION=native asks for it
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

      def load_once
        return if @pid == Process.pid

        @mutex.synchronize do
          next if @pid == Process.pid

          @reason = try_to_load
          @pid = Process.pid
        end
      end

      def try_to_load
        return "#{FORCED}=ruby is set" if ENV[FORCED] == 'ruby'
        return installation_reason unless path

        inherited? ? load_private_copy : require(path)
        nil
      rescue LoadError, SystemCallError => e
        "the library #{path} does not load: #{e.message}"
      end

      # A parent of this process has loaded the library: its runtime is dead here.
      # A private copy (another file, so another mapping) brings a runtime of its
      # own; its symbols are bound to itself, see extconf.rb.
      def load_private_copy
        Dir.mktmpdir('tasker_core') do |directory|
          copy = File.join(directory, FILE)
          FileUtils.cp(path, copy)
          require copy
        end
      end

      def inherited? = defined?(TaskerCore::Native) ? true : false

      def path
        @path ||= $LOAD_PATH.lazy.map { |folder| File.expand_path("tasker_core/#{FILE}", folder) }
                            .find { |file| File.file?(file) }
      end

      # extconf.rb leaves the reason beside the place where the library would be.
      def installation_reason
        file = $LOAD_PATH.lazy.map { |folder| File.join(folder, 'tasker_core', 'unavailable_reason') }
                         .find { |candidate| File.file?(candidate) }
        file ? File.read(file).strip : 'the native library was not built; run `rake compile`, or reinstall the gem'
      end
    end
  end
end
