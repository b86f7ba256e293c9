# frozen_string_literal: true

# What a block costs on all threads, as counts that do not depend on the machine. For specs and
# benchmarks alike.
module Counts
  # The statements that begin, end or mark a transaction.
  BORDERS = /\A(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/

  module_function

  # @return [Integer] calls of methods, of Ruby's own too
  def calls(&)
    count = 0
    TracePoint.new(:call, :c_call) { count += 1 }.enable(target_thread: nil, &)
    count
  end

  # @return [Integer] objects made
  def objects
    before = GC.stat(:total_allocated_objects)
    yield
    GC.stat(:total_allocated_objects) - before
  end

  # @return [Array<String>] the statements that went to the database
  def sql
    seen = Queue.new
    listener = ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
      seen << payload[:sql] unless payload[:name] == 'SCHEMA' || payload[:cached]
    end
    yield
    Array.new(seen.size) { seen.pop }
  ensure
    ActiveSupport::Notifications.unsubscribe(listener)
  end
end
