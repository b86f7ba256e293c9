# frozen_string_literal: true

require 'msgpack'

module TaskerCore
  # Something that happened to a task or a step, or that the application published.
  class Event
    # @param fields [Array] as go/event/codec.go writes them
    def initialize(fields)
      @fields = fields
    end

    # @return [Integer] the number of the event on its bus, from 1 and without gaps
    def sequence = @fields[0]

    # @return [String] "step.completed"
    def name = @fields[1]

    # @return [Time] in UTC
    def occurred_at = Time.at(0, @fields[2], :microsecond, in: 'UTC')

    # @return [Integer, nil]
    def task_id = given(@fields[3], 0)

    # @return [Integer, nil]
    def step_id = given(@fields[4], 0)

    # @return [String, nil]
    def namespace = given(@fields[5], '')

    # @return [String, nil]
    def task_name = given(@fields[6], '')

    # @return [String, nil]
    def step_name = given(@fields[7], '')

    # @return [String] which bus of which process published it: host:process:number
    def origin = @fields[8]

    # The payload, unpacked when it is asked for.
    #
    # @return [Hash{Symbol => Object}]
    def payload = @payload ||= @fields[9] ? MessagePack.unpack(@fields[9], symbolize_keys: true) : {}

    # @return [Object] one value of the payload
    def [](key) = payload[key.to_sym]

    def inspect = "#<#{self.class} #{sequence} #{name}#{" task #{task_id}" if task_id}#{" step #{step_id}" if step_id}>"

    private

    def given(value, none) = value == none ? nil : value
  end
end
