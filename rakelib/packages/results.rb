# frozen_string_literal: true

require_relative 'command'

module Packages
  # What was tried of the packages, and how it ended: said at once, and listed at the end.
  module Results
    Result = Data.define(:what, :outcome)
    @all = []

    class << self
      # Says what is done before it is done.
      def stage(what)
        puts "== #{what}"
        yield
      end

      # @param what [String] what was tried
      # @param outcome [String] how it ended, or why it was not run
      def add(what, outcome)
        puts "   #{what}: #{outcome}"
        @all << Result.new(what:, outcome:)
      end

      # @return [String]
      def table
        width = @all.map { |result| result.what.size }.max.to_i
        @all.map { |result| "#{result.what.ljust(width)}  #{result.outcome}" }.join("\n")
      end
    end
  end
end
