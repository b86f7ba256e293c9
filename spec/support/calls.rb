# frozen_string_literal: true

# Counts what does not depend on the machine: Ruby's calls, and statements.
module Calls
  module_function

  # @return [Integer] how many methods the block calls, in Ruby and in C, once it is warm
  def count(&block)
    10.times(&block)
    calls = 0
    trace = TracePoint.new(:call, :c_call) { calls += 1 }
    trace.enable(target_thread: Thread.current, &block)
    calls
  end

  # @return [Array<String>] the names of the statements that the block runs
  def statements(&)
    names = []
    listener = ->(*, payload) { names << payload[:name].to_s unless payload[:name] == 'SCHEMA' }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
    names
  end
end
