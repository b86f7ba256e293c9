# frozen_string_literal: true

require 'json'

# Two results of bin/bench, before and after a change: what is faster, what is slower, and
# what the noise of the measurements hides.
#
#   bin/bench compare before.json after.json
class CompareBenches
  # A row of a table in both results.
  Pair = Struct.new(:script, :title, :name, :before, :after) do
    # How many times as long it takes now.
    def change = after.fetch('median_ms') / before.fetch('median_ms')

    # How far medians may lie apart by chance: as far as each side's median lies from its least,
    # which is what the machine adds. At least 3 %.
    def noise = 1 + [0.03, *[before, after].map { |row| (row['median_ms'] - row['least_ms']) / row['least_ms'] }].max

    def verdict
      return 'slower' if change > noise
      return 'faster' if change < 1 / noise

      'no difference'
    end
  end

  # @param before [String] path of a results.json
  # @param after [String] path of another
  def initialize(before, after)
    @before, @after = [before, after].map { |path| JSON.parse(File.read(path)) }
  end

  # Prints the comparison.
  #
  # @return [Boolean] whether nothing became slower
  def run
    conditions
    pairs = self.pairs
    abort 'The two have no table in common.' if pairs.empty?

    pairs.each { |pair| show(pair) }
    counts = pairs.map(&:verdict).tally
    puts '', %w[faster slower].map { |verdict| "#{counts.fetch(verdict, 0)} #{verdict}" }.join(', ') +
             ", #{counts.fetch('no difference', 0)} without a difference that the noise would not explain"
    !counts.key?('slower')
  end

  private

  # Figures from different machines or versions of the engine say nothing.
  def conditions
    { 'before' => @before, 'after' => @after }.each do |name, results|
      puts "#{name}: #{results.filter_map { |result| result['conditions'] }.first.to_s.lines(chomp: true).last}"
    end
    puts ''
  end

  def pairs
    after = rows(@after)
    rows(@before).filter_map { |place, row| Pair.new(*place, row, after[place]) if after.key?(place) }
  end

  # @return [Hash{Array(String, String, String) => Hash}] by script, table and row
  def rows(results)
    results.flat_map { |result| (result['tables'] || []).flat_map { |table| placed(result, table) } }.to_h
  end

  def placed(result, table)
    table['rows'].map { |row| [[result['script'], table['title'], row['name']], row] }
  end

  def show(pair)
    puts format('%-13<verdict>s %6.2<change>fx (noise %<noise>.2f)  %10.3<before>f -> %10.3<after>f ms  %<what>s',
                verdict: pair.verdict, change: pair.change, noise: pair.noise, before: pair.before['median_ms'],
                after: pair.after['median_ms'], what: "#{pair.title}: #{pair.name} (#{pair.script})")
  end
end

if $PROGRAM_NAME == __FILE__
  abort 'usage: bin/bench compare BEFORE.json AFTER.json' unless ARGV.size == 2
  exit CompareBenches.new(*ARGV).run
end
