# frozen_string_literal: true

# Steps a second of the engine and of the core, by how many processes share the work.
module Rates
  module_function

  # @param picture [String] where they are drawn
  # @param sides [Array<String>]
  # @param counts [Hash{Integer => String}] how many processes, and how that is said
  # @yieldparam side [String]
  # @yieldparam count [Integer]
  # @yieldreturn [Float] steps a second
  def compare(picture, sides, counts)
    rates = counts.to_h do |count, title|
      puts '', title
      measured = sides.to_h { |side| [side, yield(side, count)] }
      against(title, measured)
      [count, measured]
    end
    sides.each { |side| BenchReport.series(picture, side, rates.transform_values { |rate| rate[side] }, unit: '/s') }
  end

  def against(title, measured)
    engine, core = measured.values_at('engine', 'core')
    BenchReport.figure("#{title}, against the engine", core / engine, 'x') if engine
  end
end
