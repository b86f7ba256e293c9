# frozen_string_literal: true

module OrchestrationBench
  # Where the time between two handlers goes: in PostgreSQL's client, in publishing,
  # and in all the rest. Off except while it is measured, in lines, where one thing
  # happens after the other.
  module Marks
    @handoffs = nil
    @depth = 0

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
        @last = clock
      end

      # Only the outermost counts: a query of a subscriber is publishing.
      #
      # @yield something that talks to PostgreSQL
      def database
        enter
        yield
      ensure
        leave(:database)
      end

      # Something begins that is not the rest.
      def enter
        @started = clock if (@depth += 1) == 1
      end

      # It ends.
      #
      # @param kind [Symbol] :database or :publishing
      def leave(kind)
        return unless (@depth -= 1).zero? && on? && @last

        kind == :database ? @database += clock - @started : @publishing += clock - @started
      end

      private

      def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
    end

    # Prepended to PG::Connection.
    module Database
      %i[exec_params exec_prepared async_exec exec query prepare].each do |name|
        define_method(name) { |*arguments, **options, &block| Marks.database { super(*arguments, **options, &block) } }
      end
    end

    # Payloads, log lines and subscribers: all that a run and the engine publish by. The methods
    # are watched from outside, since a run takes whatever is put in front of them for the
    # application's.
    module Publishing
      def self.watch(method)
        TracePoint.new(:call, :return) do |point|
          point.event == :call ? Marks.enter : Marks.leave(:publishing)
        end.enable(target: method)
      end
    end

    # Puts the marks in place, for the rest of the process.
    def self.install
      return if @installed

      @installed = true
      PG::Connection.prepend(Database)
      run = TaskerCore::Engine::Runner
      [run::StepExecution.instance_method(:publish), run::RunEvents.instance_method(:publish),
       run::RunEvents.instance_method(:announce), Tasker::Events::Publisher.instance_method(:publish)]
        .each { |method| Publishing.watch(method) }
    end
  end
end
