# frozen_string_literal: true

require 'English'
require 'etc'
require 'json'
require 'open3'
require 'stringio'
require_relative 'options'
require_relative '../../spec/support/exponent'

# What a benchmark prints and, with --json, gives to programs: the conditions, its
# tables, single figures, and each target with what was measured and whether it was
# met. A missed target is a result like any other: the exit code stays 0.
#
# With --json the text goes to standard error, and standard output gets one JSON
# object when the script ends. `ruby -r ./bench/support/report` brings this to
# scripts that do not ask for it.
module BenchReport
  # Prepended to World, whose tables and conditions become part of the report.
  module Recording
    def table(title, results)
      BenchReport.record(:tables, title:, rows: BenchReport.rows(results))
      super
    end

    private

    def conditions
      "#{super}\n#{BenchReport.machine}".tap do |text|
        BenchReport.record(:conditions, text)
        BenchReport.record(:engine, engine?)
      end
    end
  end

  # Passes what is printed on to standard error, and keeps it.
  class Tee < StringIO
    def write(*parts)
      $stderr.write(*parts)
      super
    end
  end

  @results = { conditions: [], engine: [], tables: [], figures: [], targets: [], series: [], notes: [] }

  class << self
    # Keeps a part of the report.
    def record(kind, value) = @results.fetch(kind) << value

    # Prints and keeps one figure.
    #
    # @param name [String] what was measured
    # @param value [Numeric, String]
    # @param unit [String]
    def figure(name, value, unit = '')
      record(:figures, name:, value:, unit:)
      puts format('  %-66<name>s %12<value>s %<unit>s', name:, value: shown(value), unit:)
    end

    # Prints and keeps a target with the figure that was measured.
    #
    # @param name [String]
    # @param value [Numeric] what was measured
    # @param at_least [Numeric, nil] the smallest value that meets it
    # @param at_most [Numeric, nil] the greatest
    # @param unit [String]
    def target(name, value, at_least: nil, at_most: nil, unit: 'x')
      met = at_least ? value >= at_least : value <= at_most
      wanted = at_least ? ">= #{shown(at_least)} #{unit}" : "<= #{shown(at_most)} #{unit}"
      record(:targets, name:, wanted:, value: value.round(4), unit:, met:)
      puts format('  %-66<name>s %-10<wanted>s measured %10<value>s %-5<unit>s %<met>s',
                  name:, wanted:, value: shown(value), unit:, met: met ? 'met' : 'MISSED')
    end

    # Keeps what was measured at several sizes, for a picture and a page.
    #
    # @param picture [String] where it belongs
    # @param side [String] whose it is
    # @param points [Hash{Numeric => Numeric}] by size
    def series(picture, side, points, unit:)
      record(:series, picture:, side:, unit:, points: points.transform_values { |value| value.round(4) }.to_a)
    end

    # Prints how fast something grows with its size, and keeps it as a target where a most is
    # wanted.
    #
    # @param points [Hash{Numeric => Numeric}] what was measured, by size
    # @param at_most [Float, nil] the greatest exponent that meets the target
    # @return [Float, nil] the exponent; nil where there are too few sizes
    def growth(name, points, at_most: nil)
      return if points.size < 2

      exponent = Exponent.of(points)
      title = "#{name}: exponent"
      at_most ? target(title, exponent, at_most:, unit: '') : figure(title, exponent)
      puts "    It grows #{Exponent.words(exponent)}, from #{points.keys.min} to #{points.keys.max}."
      exponent
    end

    # Keeps lines of a table that is no table of times, for a page.
    #
    # @param name [String] what the page asks for
    # @param rows [Array<Array>] the first is the head
    def note(name, rows)
      record(:notes, name:, rows:)
      widths = rows.transpose.map { |column| column.map { |cell| cell.to_s.size }.max }
      puts '', name
      rows.each { |row| puts "  #{row.zip(widths).map { |cell, width| cell.to_s.ljust(width) }.join('  ')}".rstrip }
    end

    # @return [String] Go, processors and load of this machine
    def machine
      load = File.file?('/proc/loadavg') ? File.read('/proc/loadavg').split.first(2).join(' and ') : 'unknown'
      "#{go}; #{Etc.nprocessors} processors; load average #{load} (1 and 5 minutes) at the start; #{Time.now.utc}"
    end

    # Reports where --json asks for it: text to standard error, JSON at the end.
    def take_over(arguments)
      return unless arguments.delete('--json')

      @tee = $stdout = Tee.new
      at_exit { finish }
    end

    # @return [Array<Hash>] a table's rows, with ratios to the first
    def rows(results)
      base = results.values.first.median
      results.map do |name, times|
        { name:, **times.times.to_h { |kind, value| [:"#{kind}_ms", value.round(4)] },
          runs: times.runs, ratio: (base / times.median).round(2) }
      end
    end

    private

    def go
      output, status = Open3.capture2('go', 'version')
      status.success? ? output.strip : 'Go of unknown version'
    rescue Errno::ENOENT
      'Go is not on PATH'
    end

    def shown(value)
      return value.to_s unless value.is_a?(Float)

      value.round(value.abs < 10 ? 3 : 1).to_s
    end

    # Scripts without World print a JSON line of their own: it is passed on.
    def finish
      $stdout = STDOUT
      own = @tee.string.lines.reverse.find { |line| line.start_with?('{"bench"') }
      result = { script: File.basename($PROGRAM_NAME), conditions: @results[:conditions].first,
                 engine: @results[:engine].first, failed: failed?, text: @tee.string }
      puts JSON.generate(result.merge(@results.slice(:tables, :figures, :targets, :series, :notes),
                                      own ? { own: JSON.parse(own) } : {}))
    end

    def failed? = !$ERROR_INFO.nil? && !($ERROR_INFO.is_a?(SystemExit) && $ERROR_INFO.success?)
  end
end

# Who watches a file sees each line as it comes.
$stdout.sync = true
BenchReport.take_over(ARGV)
unless File.basename($PROGRAM_NAME) == 'pool_driver.rb'
  require_relative 'world'
  World.singleton_class.prepend(BenchReport::Recording)
end
