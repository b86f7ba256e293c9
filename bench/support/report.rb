# frozen_string_literal: true

require 'English'
require 'etc'
require 'json'
require 'open3'
require 'stringio'

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

  @results = { conditions: [], engine: [], tables: [], figures: [], targets: [] }

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
        { name:, **times.to_h.to_h { |kind, value| [:"#{kind}_ms", value.round(4)] },
          ratio: (base / times.median).round(2) }
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
      puts JSON.generate(result.merge(@results.slice(:tables, :figures, :targets),
                                      own ? { own: JSON.parse(own) } : {}))
    end

    def failed? = !$ERROR_INFO.nil? && !($ERROR_INFO.is_a?(SystemExit) && $ERROR_INFO.success?)
  end
end

BenchReport.take_over(ARGV)
unless File.basename($PROGRAM_NAME) == 'pool_driver.rb'
  require_relative 'world'
  World.singleton_class.prepend(BenchReport::Recording)
end
