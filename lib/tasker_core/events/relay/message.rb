# frozen_string_literal: true

module TaskerCore
  module Relay
    # Packs events into messages as go/relay/message.go does: a line that identifies the sender, and
    # a slice of a JSON list.
    #
    # @api private
    module Message
      # PostgreSQL accepts less than 8,000 bytes.
      LARGEST = 7900
      # The longest line without the origin.
      LINE = 48
      private_constant :LARGEST, :LINE

      @mutex = Mutex.new
      @number = 0

      class << self
        # @param origin [String] without spaces
        # @param texts [Array<String>] events in JSON, in ASCII
        # @return [Array<String>] as few messages as possible; a large event takes several
        def pack(origin, texts)
          room = LARGEST - LINE - origin.bytesize
          lists(texts, room).flat_map { |list| wrap(origin, list, room) }
        end

        private

        # A list has two brackets, and a comma after each event but the last.
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

        # PostgreSQL merges equal messages of a transaction, so each has a number.
        def wrap(origin, list, room)
          number = @mutex.synchronize { @number += 1 }
          parts = list.scan(/.{1,#{room}}/m)
          parts.each_with_index.map { |part, n| "tc1 #{origin} #{number} #{n} #{parts.size}\n#{part}" }
        end
      end
    end
  end
end
