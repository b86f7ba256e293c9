# frozen_string_literal: true

module TaskerCore
  module Tracing
    # A span that is being measured.
    #
    # @api private
    class Span
      # Kinds, with OpenTelemetry's numbers.
      INTERNAL = 1
      CLIENT = 3
      CONSUMER = 5

      # Positions in a record, as in go/wire/telemetry.go.
      FINISH = 5
      FAILURE = 6
      ATTRIBUTES = 7
      private_constant :FINISH, :FAILURE, :ATTRIBUTES

      # @return [Trace]
      attr_reader :trace

      # @return [String] 8 bytes
      attr_reader :id

      # @param trace [Trace]
      # @param id [String]
      # @param parent [String, nil] the id of the parent span
      # @param name [String]
      # @param kind [Integer]
      def initialize(trace, id, parent, name, kind)
        @trace = trace
        @id = id
        @record = [id, parent, name, kind, trace.now, nil, nil, []]
      end

      # @return [Span] a new child span
      def child(name, kind) = Span.new(@trace, @trace.new_id, @id, name, kind)

      # Adds attributes.
      #
      # @param name [String]
      # @param value [String, Integer, Float, Boolean, nil] nil adds no attribute
      # @return [self]
      def set(name, value)
        @record[ATTRIBUTES].push(name, value) unless value.nil?
        self
      end

      # Sets the status to error; the first error is kept.
      #
      # @param error [Exception]
      # @return [void]
      def fail(error)
        @record[FAILURE] ||= @trace.naming.text('error', error.message)
      end

      # @return [String] the W3C header of this span
      def traceparent = "00-#{@trace.id.unpack1('H*')}-#{@id.unpack1('H*')}-01"

      # Ends the span and passes it to its trace.
      #
      # @return [void]
      def finish
        @record[FINISH] = @trace.now
        @trace.add(@record)
      end
    end
  end
end
