# frozen_string_literal: true

module TaskerCore
  # Closes clients and sessions that a program dropped without closing them, when the garbage
  # collector finds them, in the process that opened them. Each is reported.
  #
  # @api private
  module UnclosedHandles
    @ending = false
    at_exit { @ending = true }

    class << self
      # @param owner [Object] the object that may be dropped
      # @param what [String] its name in the report, such as "a client of TaskerCore.open"
      # @param close [#call] must not reference the owner or take a lock, because the collector runs
      #   it on any thread
      # @return [void]
      def watch(owner, what, close)
        ObjectSpace.define_finalizer(owner, finalizer(Process.pid, what, close))
      end

      # @param owner [Object] the object that was closed
      # @return [void]
      def closed(owner)
        ObjectSpace.undefine_finalizer(owner)
        nil
      end

      private

      # Created here, where it captures no owner.
      def finalizer(pid, what, close)
        lambda do |_|
          next if @ending || Process.pid != pid

          close.call
          in_background { report(what) }
        end
      end

      # Uses another thread, because this one may hold the lock that a report takes.
      def in_background(&)
        Thread.new(&)
      rescue ThreadError
        nil # the process is ending
      end

      def report(what)
        Reporting.report(Report.new(kind: :not_closed, capability: :core, operation: 'TaskerCore', details: {},
                                    message: "#{what} was dropped without being closed; the garbage collector closed " \
                                             'it. Call close, or pass a block'), once: what)
      end
    end
  end
end
