# frozen_string_literal: true

require_relative 'markdown'

# What users ask of the benchmarks: how long something of theirs takes with the engine and with
# the core. Taken from the tables of a results.json.
class Headlines
  # What it is, for its users; the table that tells; whose row is whose.
  Headline = Data.define(:what, :table, :engine, :core) do
    def initialize(what:, table:, engine: 'engine', core: 'core') = super
  end

  # One of them, in milliseconds, with the least and the most.
  Line = Data.define(:what, :engine, :core) do
    # @return [Float] how many times as fast the core is
    def ratio = engine.fetch('median_ms') / core.fetch('median_ms')

    def to_s
      "#{what}: #{Headlines.time(engine['median_ms'])} with the engine, #{Headlines.time(core['median_ms'])} " \
        "with the core (#{Headlines.times(ratio)})"
    end

    def to_h = { what:, engine:, core:, ratio: }
  end

  RUN = ': a whole run'
  ALL = [
    Headline.new(what: 'a workflow of 4 steps in a line', table: "a line of 4, as it comes#{RUN}"),
    Headline.new(what: 'a workflow of 10 steps in a line', table: "a line of 10, as it comes#{RUN}"),
    Headline.new(what: 'a workflow of 50 steps in a line', table: "a line of 50, as it comes#{RUN}"),
    Headline.new(what: 'one step, then 28 side by side, then one', table: "1 -> 28 -> 1, as it comes#{RUN}"),
    Headline.new(what: 'four layers of five steps', table: "four layers of five, as it comes#{RUN}"),
    Headline.new(what: '10 steps whose handlers take 10 ms each',
                 table: "a line of 10 whose handlers take 10 ms each#{RUN}"),
    Headline.new(what: '10 steps, the database 1 ms away, without telemetry', table: "a line of 10, 1 ms away#{RUN}"),
    Headline.new(what: '40 tasks of six steps in one Sidekiq process', table: 'in Sidekiq, a pool of 25 connections'),
    Headline.new(what: 'step readiness of one task of 100 steps', table: 'readiness of 100 steps'),
    Headline.new(what: 'step readiness of 1,000 tasks of 10 steps', table: 'readiness of 1,000 tasks x 10 steps'),
    Headline.new(what: 'dependency levels of one task of 100 steps', table: '10 layers x 10 steps with 3 parents',
                 engine: 'engine: for_task', core: 'core under it: for_task')
  ].freeze

  # @param milliseconds [Float]
  # @return [String] as people say it
  def self.time(milliseconds)
    return format('%.2f s', milliseconds / 1000) if milliseconds >= 1000
    return format('%.2g µs', milliseconds * 1000) if milliseconds < 0.1

    format(milliseconds >= 10 ? '%.0f ms' : '%.2g ms', milliseconds)
  end

  # @param ratio [Float]
  # @return [String]
  def self.times(ratio) = format(ratio >= 10 ? '%.0fx' : '%.1fx', ratio)

  # @param results [Array<Hash>] as in results.json
  def initialize(results)
    @tables = results.flat_map { |result| result['tables'] || [] }
  end

  # @return [Array<Line>] those that were measured, on both sides
  def lines
    ALL.filter_map do |headline|
      sides = @tables.select { |table| table['title'] == headline.table }
                     .map { |table| rows(table).values_at(headline.engine, headline.core) }.find(&:all?)
      Line.new(headline.what, *sides) if sides
    end
  end

  # @return [String] a table for a page
  def markdown
    Markdown.table([['', 'with the engine', 'with the core', 'times as fast'], *lines.map do |line|
      times = [line.engine, line.core].map { |row| self.class.time(row['median_ms']) }
      [line.what, *times, self.class.times(line.ratio)]
    end])
  end

  private

  def rows(table) = table['rows'].to_h { |row| [row['name'], row] }
end
