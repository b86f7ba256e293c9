# frozen_string_literal: true

# How fast something grows with a size: the e of y = c * size ** e, by least squares over the
# logarithms. For specs and benchmarks alike.
module Exponent
  # From where on what is said of it holds.
  WORDS = { 2.1 => 'faster than the square', 1.9 => 'with the square', 1.1 => 'faster than linearly',
            0.9 => 'linearly', 0.1 => 'slower than linearly' }.freeze

  module_function

  # @param points [Hash{Numeric => Numeric}] what was measured, by size: two at least
  # @return [Float]
  def of(points)
    pairs = points.map { |pair| pair.map { |value| Math.log(value) } }
    x, y = pairs.transpose.map { |values| values.sum / values.size }
    pairs.sum { |size, value| (size - x) * (value - y) } / pairs.sum { |size, _| (size - x)**2 }
  end

  # @return [String] as people say it
  def words(exponent) = WORDS.find { |from, _| exponent > from }&.last || 'not at all'
end
