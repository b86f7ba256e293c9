# frozen_string_literal: true

# Which rows of two results of bin/bench differ by more than noise. There are two kinds of noise.
#
# Within a run the times of a row lie apart: the median of a few of them is known no better than
# the middle half of them is wide, over the root of how many they are (the notch of a box plot).
#
# Between two runs the machine is another: other neighbours, another place in memory. That is
# seen in the rows that no change of ours touches: the engine, its SQL functions, PostgreSQL
# alone and other products. How far those moved in a script, up and down, its other rows may move too.
#
# What others do on the machine comes in bursts, which lift medians and leave the least times
# alone: a difference is one of both. Where more wanted to run than there are processors when a
# script began, nothing is certain.
class Comparison
  # A row of a table in both results.
  Pair = Struct.new(:script, :title, :name, :before, :after) do
    # How many times as long it takes now.
    def change(kind = 'median_ms') = after.fetch(kind).fdiv(before.fetch(kind))

    def control? = name.match?(CONTROL)

    # @return [Float] the share by which the medians may differ within the runs
    def notch = [LEAST, Math.hypot(*[before, after].map { |row| Comparison.notch(row) })].max
  end

  CONTROL = /\A(the )?engine|SQL function|\Athe view|\ADBOS|\Abare|statement alone/
  # No two runs are closer than that.
  LEAST = 0.05
  # Half of a notch, by which two medians differ with a probability of 95 %.
  NOTCH = 1.57

  # How many may want to run for each processor when a script begins; the bench before it is one.
  BUSY = 1.5
  LOAD = /(\d+) processors; load average ([\d.]+)/

  # @param row [Hash] of a table
  # @return [Float] a share of its median
  def self.notch(row)
    width, runs = row.values_at('upper_ms', 'runs').then { |upper, count| [upper && (upper - row['lower_ms']), count] }
    # Results of older versions have no quarters.
    return (row['median_ms'] - row['least_ms']) / row['least_ms'] unless width
    # The quarters of a few times are too near to each other.
    return (row['most_ms'] - row['least_ms']) / row['median_ms'] if runs < 8

    NOTCH * width / Math.sqrt(runs) / row['median_ms']
  end

  # @param result [Hash] of a script
  # @return [Boolean] whether the machine had other things to do
  def self.busy?(result)
    processors, load = result['conditions'].to_s.match(LOAD)&.captures
    processors ? load.to_f > BUSY * processors.to_i : false
  end

  # @return [Array<Pair>]
  attr_reader :pairs

  # @param before [Array<Hash>] a results.json
  # @param after [Array<Hash>]
  def initialize(before, after)
    @busy = (before + after).select { |result| Comparison.busy?(result) }.map { |result| result['script'] }.uniq
    now = rows(after)
    @pairs = rows(before).filter_map { |place, row| Pair.new(*place, row, now[place]) if now.key?(place) }
  end

  # @return [Hash{String => Range}] by script how many times as long took what is not ours: of all
  #   scripts where one has nothing of that kind
  def drifts
    @drifts ||= @pairs.group_by(&:script).transform_values { |own| moved(own) || moved(@pairs) || (1.0..1.0) }
  end

  # @param pair [Pair]
  # @return [Range] the changes that mean nothing
  def range(pair)
    drift = drifts.fetch(pair.script)
    (drift.begin / (1 + pair.notch))..(drift.end * (1 + pair.notch))
  end

  # @param pair [Pair]
  # @return [String]
  def verdict(pair)
    side = side(pair)
    return 'no difference' if pair.control? || side.zero?
    return 'uncertain' if @busy.include?(pair.script)

    side.positive? ? 'slower' : 'faster'
  end

  private

  # @return [Integer] 1 where both the median and the least time are above the noise, -1 where both
  #   are below, 0 elsewhere
  def side(pair)
    noise = range(pair)
    sides = [pair.change, pair.change('least_ms')].map { |change| noise.cover?(change) ? 0 : change <=> 1 }
    sides.uniq.size == 1 ? sides.first : 0
  end

  def moved(pairs)
    changes = pairs.select(&:control?).map(&:change)
    Range.new(*[1.0, *changes].minmax) if changes.any?
  end

  # @return [Hash{Array(String, String, String) => Hash}] by script, table and row
  def rows(results)
    results.flat_map { |result| (result['tables'] || []).flat_map { |table| placed(result, table) } }.to_h
  end

  def placed(result, table)
    table['rows'].map { |row| [[result['script'], table['title'], row['name']], row] }
  end
end
