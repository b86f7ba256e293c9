# frozen_string_literal: true

# Times of the same thing, as they are reported.
Spread = Struct.new(:median, :least, :most) do
  # @param times [Array<Float>]
  def self.of(times) = new(times.sort[times.size / 2], *times.minmax)
end
