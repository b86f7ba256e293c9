# frozen_string_literal: true

require 'English'
require 'fileutils'
require 'json'
require 'open3'
require 'rbconfig'
require_relative 'headlines'
require_relative 'pages'

# Runs benchmarks in processes of their own, and puts their results into one table
# and one JSON file. bin/bench calls it.
class AllBenches
  FOLDER = File.expand_path('..', __dir__)
  RESULTS = File.expand_path('../../tmp/bench/results.json', __dir__)
  PYTHON = File.expand_path('../../tmp/python/bin/python', __dir__)

  def initialize(arguments)
    @publish = arguments.delete('--publish')
    @keep = arguments.delete('--keep')
    @options, names = arguments.partition { |argument| argument.start_with?('--') }
    @names = names.empty? ? every : names
    unknown = @names.reject { |name| path(name) }
    abort "no such benchmark: #{unknown.join(', ')}" if unknown.any?
  end

  # @return [Boolean] whether every script came to its end
  def run
    results = kept
    @names.each { |name| keep(results << one(name)) }
    table(results)
    headlines = Headlines.new(results)
    puts '', headlines.lines if headlines.lines.any?
    Pages.publish(results, conditions(results), rows(results), headlines) if @publish
    results.none? { |result| result['failed'] }
  end

  private

  def every = Dir[File.join(FOLDER, '{ruby,python}/*.{rb,py}')].map { |file| File.basename(file, '.*') }.sort

  # After each script: what was measured is there also where a later one breaks.
  def keep(results)
    FileUtils.mkdir_p(File.dirname(RESULTS))
    File.write(RESULTS, JSON.pretty_generate(results))
  end

  # The results of the last time, of the scripts that do not run now.
  def kept
    return [] unless @keep && File.file?(RESULTS)

    scripts = @names.map { |name| File.basename(path(name)) }
    JSON.parse(File.read(RESULTS)).reject { |result| scripts.include?(result['script']) }
  end

  def path(name) = Dir[File.join(FOLDER, "{ruby,python}/#{name}.{rb,py}")].first

  # Scripts in Python run with the wheel that bin/bench has installed.
  def command(file)
    return [PYTHON, file, '--json', *@options] if file.end_with?('.py')

    [RbConfig.ruby, '-r', File.join(__dir__, 'report.rb'), file, '--json', *@options]
  end

  # The script's text goes to standard error, and so to the terminal as it comes.
  def one(name)
    puts '', "== #{name}"
    began = clock
    output, status = Open3.capture2(*command(path(name)))
    result = JSON.parse(output.lines.last || '{}')
    # pool_driver ends with 1 where its limit is missed, which is a result.
    result.merge('script' => File.basename(path(name)), 'failed' => !status.success? && !result.key?('own'),
                 'seconds' => (clock - began).round)
  end

  def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def table(results)
    missed, met = rows(results).partition { |row| row[:met] == 'MISSED' }
    puts '', "== Targets: #{met.size} met", ''
    met.each { |row| puts format(LINE, row) }
    puts '', "== Targets: #{missed.size} missed", '' if missed.any?
    missed.each { |row| puts format(LINE, row) }
    failed(results)
    durations(results)
    puts '', "Everything that was measured: #{RESULTS.delete_prefix("#{Dir.pwd}/")}"
  end

  def failed(results) = results.select { |result| result['failed'] }.each { |one| puts "#{one['script']} FAILED" }

  def durations(results)
    seconds = Results.new(results).seconds
    puts '', "== Time: #{(seconds.values.sum / 60.0).round} minutes", ''
    seconds.each { |script, taken| puts format('%-22<script>s %5<taken>d s', script:, taken:) }
  end

  LINE = '%-18<script>s %-66<name>s %-12<wanted>s %10<value>s  %<met>s'
  private_constant :LINE

  # @return [Array<String>] versions and machine, what it was compared with, and when the
  #   scripts ran
  def conditions(results)
    texts = results.filter_map { |result| result['conditions'] }
    [*(texts.find { |text| text.include?("\nCompared") } || '').lines(chomp: true).first(2), ran(texts)]
  end

  def ran(texts)
    loads, times = texts.filter_map { |text| text.match(RAN)&.captures }.transpose
    "The scripts ran from #{times.min} to #{times.max} UTC, at load averages of " \
      "#{loads.min_by(&:to_f)} to #{loads.max_by(&:to_f)} at their start."
  end

  RAN = /load average ([\d.]+).*?; ([\d :-]+) UTC/
  private_constant :RAN

  # @return [Array<Hash>] every target of every script
  def rows(results)
    results.flat_map { |result| targets(result).map { |target| { script: result['script'], **target } } }
  end

  def targets(result)
    own = (result['targets'] || []).map do |target|
      { name: target['name'], wanted: target['wanted'], value: target['value'].round(2), met: met(target['met']) }
    end
    own + pool(result['own']) + Wanted.of(result).map { |target| target.merge(met: met(target[:met])) }
  end

  def met(value) = value ? 'met' : 'MISSED'

  def pool(own)
    (own ? own['results'] : []).map do |row|
      { name: "#{row['task']} against bare pgx", wanted: "<= #{own['limit']} x", value: row['ratio'],
        met: met(row['ratio'] <= own['limit']) }
    end
  end
end

# The targets of scripts that print tables only: which row is to be how many times
# faster than which other.
module Wanted
  Ratio = Data.define(:script, :row, :base, :at_least)

  RATIOS = [
    Ratio.new('contexts.rb', 'core under it: for_tasks', 'engine: for_tasks', 3.5),
    Ratio.new('analyze_graph.rb', 'core: analyze_graph', 'engine: RuntimeGraphAnalyzer#analyze', 50),
    Ratio.new('analytics.rb', 'core', 'SQL function through select_all', 1),
    Ratio.new('transitions.rb', 'core under it: transition_to!', 'engine: transition_to!', 4),
    Ratio.new('transitions.rb', 'core under it: current_state', 'engine: current_state', 6),
    Ratio.new('transitions.rb', 'core under it: status', 'engine: status', 6),
    Ratio.new('transitions.rb', 'core under it: all_steps_complete?', 'engine: all_steps_complete?', 10),
    Ratio.new('transitions.rb', 'client: 100 steps in one statement', 'engine: one by one', 50)
  ].freeze
  # A row as bench/ruby/transitions.rb prints it.
  PRINTED = /^  (?<name>\S.*?) +median +(?<median>[\d.]+) ms  p99 +(?<p99>[\d.]+) ms/

  module_function

  def of(result)
    RATIOS.select { |ratio| ratio.script == result['script'] }
          .flat_map { |ratio| tables(result).filter_map { |title, rows| judge(ratio, title, rows) } }
  end

  def judge(ratio, title, rows)
    base, mine = rows.values_at(ratio.base, ratio.row)
    return unless base && mine

    { name: "#{title}: #{ratio.row}", wanted: ">= #{ratio.at_least} x", value: (base / mine).round(2),
      met: base / mine >= ratio.at_least }
  end

  # @return [Hash{String => Hash{String => Float}}] medians by table and row
  def tables(result)
    kept = (result['tables'] || []).to_h do |table|
      [table['title'], table['rows'].to_h { |row| [row['name'], row['median_ms']] }]
    end
    printed = result['text'].to_s.scan(PRINTED).to_h { |name, median, _| [name, median.to_f] }
    printed.empty? ? kept : kept.merge('printed' => printed)
  end
end

exit AllBenches.new(ARGV).run
