# frozen_string_literal: true

module OrchestrationBench
  # Where the time between two handlers goes: in PostgreSQL's client, in publishing,
  # and in all the rest. Off except while it is measured, in lines, where one thing
  # happens after the other.
  module Marks
    @handoffs = nil

    class << self
      # @yield a run of a line
      # @return [Array<Hash>] the hand-offs between its handlers, in milliseconds
      def during
        @handoffs = []
        @last = nil
        yield
        @handoffs
      ensure
        @handoffs = nil
      end

      def on? = !@handoffs.nil?

      def handler_starts
        return unless on? && @last

        whole = clock - @last
        @handoffs << { whole:, database: @database, publishing: @publishing, rest: whole - @database - @publishing }
      end

      def handler_ends
        return unless on?

        @database = @publishing = 0.0
        @inside = false
        @last = clock
      end

      def database(&) = add(:database, &)
      def publishing(&) = add(:publishing, &)

      private

      # Only the outermost counts: a query of a subscriber is publishing.
      def add(kind)
        return yield unless on? && @last && !@inside

        started = clock
        @inside = true
        yield
      ensure
        if started
          @inside = false
          kind == :database ? @database += clock - started : @publishing += clock - started
        end
      end

      def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
    end

    # Prepended to PG::Connection.
    module Database
      %i[exec_params exec_prepared async_exec exec query prepare].each do |name|
        define_method(name) { |*arguments, **options, &block| Marks.database { super(*arguments, **options, &block) } }
      end
    end

    # Payloads, log lines and subscribers: all that the engine publishes by.
    module Publishing
      def self.around(names)
        Module.new do
          names.each do |name|
            define_method(name) do |*arguments, **options, &block|
              Marks.publishing { super(*arguments, **options, &block) }
            end
          end
        end
      end
    end

    # Puts the marks in place, for the rest of the process.
    def self.install
      return if @installed

      @installed = true
      PG::Connection.prepend(Database)
      publisher = Tasker::Concerns::EventPublisher
      names = publisher.instance_methods(false).grep(/\Apublish_/) + [:publish_event]
      publisher.prepend(Publishing.around(names))
      Tasker::Events::Publisher.instance.singleton_class.prepend(Publishing.around([:publish]))
    end
  end
end
