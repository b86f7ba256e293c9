# frozen_string_literal: true

# Times of the same thing, as they are reported: the median, the least and the most, between
# what the middle half of them lies, and how many there are.
Spread = Struct.new(:median, :least, :most, :lower, :upper, :runs) do
  # @param times [Array<Float>]
  def self.of(times)
    sorted = times.sort
    middle = [1, 3].map { |quarter| sorted[(sorted.size - 1) * quarter / 4] }
    new(sorted[sorted.size / 2], *sorted.minmax, *middle, sorted.size)
  end

  # @return [Hash{Symbol => Float}] all of them that are times
  def times = to_h.except(:runs)
end
