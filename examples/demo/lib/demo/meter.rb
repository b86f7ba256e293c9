# frozen_string_literal: true

module Demo
  # Measures calls: how long, and how many SQL statements on all threads. The
  # statements that Active Record runs to know the tables do not count.
  class Meter
    # What one call answered and cost.
    Measure = Struct.new(:answer, :milliseconds, :statements, keyword_init: true)

    def initialize
      @statements = Concurrent::AtomicFixnum.new
      ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
        @statements.increment unless payload[:name] == 'SCHEMA' || payload[:cached]
      end
    end

    # @return [Measure] of the block, with what it gave
    def measure
      before = @statements.value
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      answer = yield
      took = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
      Measure.new(answer:, milliseconds: took * 1000, statements: @statements.value - before)
    end

    # @param measures [Array<Measure>]
    # @return [Measure] the one in the middle by time
    def self.median(measures) = measures.sort_by(&:milliseconds)[measures.size / 2]
  end
end
