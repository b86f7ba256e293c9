# frozen_string_literal: true

require 'msgpack'

# Publishes the same packed request again and again: what is left of the work is Go's,
# and the bus numbers the events.
class PackedEvents
  # @param core [TaskerCore::Core]
  # @param count [Integer] events of a request
  def initialize(core, count: 2000, payload: { attempt: 1 }, wait: true)
    row = TaskerCore::EventCodec.row({ name: 'step.completed', occurred_at: Time.now, task_id: 7, step_id: 9, payload:,
                                       namespace: 'payments', task_name: 'charge_card', step_name: 'validate' })
    @handle = core.send(:handle)
    @count = count
    @request = TaskerCore::EventCodec.request(Array.new(count, row), wait)
  end

  # @return [Integer] how many were published
  def publish
    reply = MessagePack.unpack(TaskerCore::Native.call(@handle, @request, true))
    reply[0].zero? ? reply[1] : raise(reply.inspect)
  end

  # @param total [Integer] a multiple of the count
  def publish_all(total) = (total / @count).times { publish }
end
