# frozen_string_literal: true

require 'msgpack'

module TaskerCore
  # An event of a task or a step, or one that the application published.
  class Event
    # @api private
    # @param fields [Array] the fields in the order of go/event/codec.go
    def initialize(fields)
      @fields = fields
    end

    # @return [Integer] the number of the event on its bus, from 1 without gaps
    def sequence = @fields[0]

    # @return [String] for example "step.completed"
    def name = @fields[1]

    # @return [Time] the time of the event, in UTC
    def occurred_at = Time.at(0, @fields[2], :microsecond, in: 'UTC')

    # @return [Integer, nil] the id of its task
    def task_id = given(@fields[3], 0)

    # @return [Integer, nil] the id of its step
    def step_id = given(@fields[4], 0)

    # @return [String, nil] the namespace of its task
    def namespace = given(@fields[5], '')

    # @return [String, nil] the name of its task
    def task_name = given(@fields[6], '')

    # @return [String, nil] the name of its step
    def step_name = given(@fields[7], '')

    # @return [String] the bus that published it, as host:process:number
    def origin = @fields[8]

    # The payload. It is decoded on first use.
    #
    # @return [Hash{Symbol => Object}]
    def payload = @payload ||= @fields[9] ? MessagePack.unpack(@fields[9], symbolize_keys: true) : {}

    # @param key [Symbol, String]
    # @return [Object, nil] one value of the payload
    def [](key) = payload[key.to_sym]

    # @return [String]
    def inspect = "#<#{self.class} #{sequence} #{name}#{" task #{task_id}" if task_id}#{" step #{step_id}" if step_id}>"

    private

    def given(value, none) = value == none ? nil : value
  end
end
