# frozen_string_literal: true

module TaskerCore
  class Terminal
    # Measures the width of texts.
    module Text
      # Characters of two columns: East Asian scripts and pictographs.
      WIDE = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]|
              [\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/x
      # Characters of no width.
      NARROW = /[\p{Mn}\p{Me}\p{Cf}]/
      private_constant :WIDE, :NARROW

      module_function

      # @param text [String]
      # @return [Integer] the number of columns that it takes
      def columns(text) = text.size + text.scan(WIDE).size - text.scan(NARROW).size

      # Cuts a text so that it fits, without control characters.
      #
      # @param text [String]
      # @param room [Integer] columns
      # @return [String]
      def fit(text, room)
        text = text.scrub('?').gsub(/[[:cntrl:]]/, '?')
        return text if columns(text) <= room

        text = text.chop while text != '' && columns(text) > room - 1
        room.positive? ? "#{text}…" : ''
      end

      # @param text [String]
      # @param width [Integer] columns
      # @return [String] the text, padded with spaces on the right
      def pad(text, width) = text + (' ' * [width - columns(text), 0].max)
    end
  end
end
