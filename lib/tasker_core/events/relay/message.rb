# frozen_string_literal: true

module TaskerCore
  module Relay
    # Packs events into messages as go/relay/message.go does: a line that names the
    # sender, and a slice of a JSON list.
    module Message
      # PostgreSQL takes less than 8,000 bytes.
      LARGEST = 7900
      # The longest line without the origin.
      LINE = 48
      private_constant :LARGEST, :LINE

      @mutex = Mutex.new
      @number = 0

      class << self
        # @param origin [String] without blanks
        # @param texts [Array<String>] events in JSON, in ASCII
        # @return [Array<String>] as few messages as they fit; a large event takes many
        def pack(origin, texts)
          room = LARGEST - LINE - origin.bytesize
          lists(texts, room).flat_map { |list| wrap(origin, list, room) }
        end

        private

        # A list has two brackets, and a comma behind each event but the last.
        def lists(texts, room)
          size = 1
          some = texts.slice_before do |text|
            size += text.bytesize + 1
            full = size > room
            size = text.bytesize + 2 if full
            full
          end
          some.map { |slice| "[#{slice.join(',')}]" }
        end

        # Equal messages of a transaction would be one: each has a number.
        def wrap(origin, list, room)
          number = @mutex.synchronize { @number += 1 }
          parts = list.scan(/.{1,#{room}}/m)
          parts.each_with_index.map { |part, n| "tc1 #{origin} #{number} #{n} #{parts.size}\n#{part}" }
        end
      end
    end
  end
end
