# frozen_string_literal: true

# How each contender stands to each other one.
module Pairs
  # Keeps a table for the page: whole runs with their spread, a step, and how many times as long
  # the contender of the row takes as that of the column.
  #
  # @param title [String]
  # @param results [Hash{String => Spread}] milliseconds
  # @param steps [Integer] of a run
  def self.note(title, results, steps)
    places = results.keys.each_index.map { |place| "over #{place + 1}" }
    rows = results.each_with_index.map do |(name, times), place|
      ["#{place + 1}. #{name}", *spread(times), (times.median / steps).round(2), *ratios(times, results.values)]
    end
    BenchReport.note(title, [['', 'median ms', 'least', 'most', 'ms a step', *places], *rows])
  end

  def self.spread(times) = times.times.fetch_values(:median, :least, :most).map { |time| time.round(1) }

  def self.ratios(times, others)
    others.map { |other| short(times.median / other.median) }
  end

  # Two digits after the point are enough, where they are not zeros.
  def self.short(ratio)
    return ratio.round if ratio >= 10

    ratio.round(ratio < 0.1 ? 3 : 2)
  end
  private_class_method :spread, :ratios, :short
end
