# frozen_string_literal: true

module OrchestrationBench
  # What a run makes of statements, Ruby calls and objects, on all threads.
  module Counts
    BORDERS = /\A(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/

    module_function

    # @return [Hash{Symbol => Integer}] data statements, transactions, and all statements with
    #   BEGIN and COMMIT
    def statements
      seen = Queue.new
      listener = ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
        seen << payload[:sql] unless payload[:name] == 'SCHEMA' || payload[:cached]
      end
      yield
      sql = Array.new(seen.size) { seen.pop }
      { data: sql.grep_v(BORDERS).size, transactions: sql.grep(/\ABEGIN/).size, statements: sql.size }
    ensure
      ActiveSupport::Notifications.unsubscribe(listener)
    end

    # @return [Integer] calls of methods, of Ruby's own too
    def calls
      count = 0
      trace = TracePoint.new(:call, :c_call) { count += 1 }
      # With a block it would see this thread alone.
      trace.enable
      yield
      trace.disable
      count
    ensure
      trace&.disable
    end

    # @return [Integer] objects made
    def objects
      before = GC.stat(:total_allocated_objects)
      yield
      GC.stat(:total_allocated_objects) - before
    end
  end
end
