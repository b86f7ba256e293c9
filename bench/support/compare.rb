# frozen_string_literal: true

require 'json'
require_relative 'comparison'

# Two results of bin/bench, before and after a change: what is faster, what is slower, and
# what the noise of the measurements hides.
#
#   bin/bench compare before.json after.json
class CompareBenches
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
    comparison = Comparison.new(@before, @after)
    abort 'The two have no table in common.' if comparison.pairs.empty?

    drift(comparison)
    comparison.pairs.each { |pair| show(pair, comparison) }
    total(comparison.pairs.map { |pair| comparison.verdict(pair) }.tally)
  end

  private

  # Figures from different machines or versions of the engine say nothing.
  def conditions
    { 'before' => @before, 'after' => @after }.each do |name, results|
      puts "#{name}: #{results.filter_map { |result| result['conditions'] }.first.to_s.lines(chomp: true).last}"
    end
    puts ''
  end

  def drift(comparison)
    comparison.drifts.each do |script, range|
      puts format('%-20<script>s what no change of ours touches took %<least>.2f to %<most>.2f times as long',
                  script:, least: range.begin, most: range.end)
    end
    puts ''
  end

  def show(pair, comparison)
    range = comparison.range(pair)
    puts format(LINE, verdict: comparison.verdict(pair), change: pair.change, least: range.begin, most: range.end,
                      before: pair.before['median_ms'], after: pair.after['median_ms'],
                      what: "#{pair.title}: #{pair.name} (#{pair.script})")
  end

  LINE = '%-13<verdict>s %6.2<change>fx (noise %<least>.2f to %<most>.2f)  %10.3<before>f -> %10.3<after>f ms  %<what>s'
  private_constant :LINE

  def total(counts)
    puts '', %w[faster slower].map { |verdict| "#{counts.fetch(verdict, 0)} #{verdict}" }.join(', ') +
             ", #{counts.fetch('no difference', 0)} without a difference that the noise would not explain"
    uncertain = counts['uncertain'] and puts "#{uncertain} uncertain: the machine was busy with something else"
    !counts.key?('slower')
  end
end

if $PROGRAM_NAME == __FILE__
  abort 'usage: bin/bench compare BEFORE.json AFTER.json' unless ARGV.size == 2
  exit CompareBenches.new(*ARGV).run
end
