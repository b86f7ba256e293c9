# frozen_string_literal: true

require 'msgpack'
require_relative '../native/nearest'

module TaskerCore
  # Encodes events for the core; go/event/codec.go decodes them.
  #
  # @api private
  module EventCodec
    FIELDS = %i[name occurred_at task_id step_id namespace task_name step_name payload].freeze
    # The maximum nesting of a payload, as in go/msgpackstrict/depth.go.
    MAX_DEPTH = 100
    KNOWN = FIELDS.to_h { |field| [field, true] }.freeze
    private_constant :FIELDS, :KNOWN

    module_function

    # @param event [Hash{Symbol => Object}]
    # @return [Array] its fields in the order of go/event/codec.go
    # @raise [InvalidArgument] for an unknown field or an invalid time
    def row(event)
      event.each_key { |field| KNOWN.key?(field) || Nearest.demand('field of an event', [field], FIELDS) }
      time = event[:occurred_at]
      [event.fetch(:name), time && micros(time), event[:task_id], event[:step_id], event[:namespace],
       event[:task_name], event[:step_name], event[:payload]]
    end

    # @param rows [Array<Array>]
    # @param wait [Boolean] whether to wait for subscriptions without room
    # @return [String] a request; values that msgpack does not have become text, times in ISO 8601
    # @raise [InvalidArgument] if an id or a name is invalid, or a payload is nested deeper than
    #   MAX_DEPTH
    def request(rows, wait)
      envelope(rows, wait)
    rescue NoMethodError, RangeError, SystemStackError
      begin
        envelope(rows.map { |row| [*row[0..6], plain(row[7])] }, wait)
      rescue NoMethodError, RangeError => e
        raise InvalidArgument.new("the events cannot be published: #{e.message}", code: 'invalid_argument')
      end
    end

    def envelope(rows, wait) = ['publish_events', { 'events' => rows, 'wait' => wait }, []].to_msgpack

    def micros(time)
      return (time.to_i * 1_000_000) + time.usec if time.respond_to?(:usec)

      raise InvalidArgument.new("occurred_at is #{time.inspect}; it must be a Time", code: 'invalid_argument')
    end

    # @param value [Object]
    # @param around [Integer] the number of enclosing lists and maps
    # @return [Object] a value that msgpack and JSON have
    # @raise [InvalidArgument] if it is nested too deep or contains itself
    def plain(value, around = 0)
      case value
      when nil, true, false, String, Float then value
      when Hash then value.to_h { |key, element| [key.to_s, plain(element, deeper(around))] }
      when Array then value.map { |element| plain(element, deeper(around)) }
      else plain_object(value)
      end
    end

    def deeper(around)
      return around + 1 if around < MAX_DEPTH

      raise InvalidArgument.new("a payload is nested deeper than #{MAX_DEPTH} levels",
                                code: 'invalid_argument')
    end

    def plain_object(value)
      return value if value.is_a?(Integer) && value.bit_length < 64
      return value.getutc.strftime('%Y-%m-%dT%H:%M:%S.%6NZ') if value.respond_to?(:getutc)

      value.to_s
    end
  end
end
