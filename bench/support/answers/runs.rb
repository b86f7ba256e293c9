# frozen_string_literal: true

class Answers
  # How long runs take, and beside what.
  module Runs
    private

    def workflow
      return if @headlines.lines.empty?

      "#{picture('speed', 'Times of workflows')}\n\n#{@headlines.markdown}"
    end

    def contenders
      tables = ['a line of 10', 'a line of 50'].filter_map do |line|
        rows = @results.note("each with each: #{line},") or next
        "#{line.capitalize}:\n\n#{named(rows)}"
      end
      return if tables.empty?

      kept = @results.note('what is kept of a step')
      ['A number in a column "over" says how many times as long the row takes as the one with that number.',
       *tables, *("What each of them keeps, counted in PostgreSQL's log:\n\n#{named(kept)}" if kept)].join("\n\n")
    end

    def distance
      rows = ['0.5', '1', '5'].filter_map do |far|
        times = sides(@results.table("a line of 10, #{far} ms away: a whole run")) or next
        ["#{far} ms", *times]
      end
      rows.any? ? Markdown.table([['10 steps in a line, the database away', *BOTH], *rows]) : nil
    end

    BOTH = ['the engine', 'tasker_core', ''].freeze
    private_constant :BOTH

    # @return [Array<String>, nil] the times of both, and the ratio; nil where one is missing
    def sides(rows)
      times = rows.values_at('engine', 'core')
      return unless times.all?

      engine, core = times.map { |row| row['median_ms'] }
      [Headlines.time(engine), Headlines.time(core), Headlines.times(engine / core)]
    end

    def workers
      tables = PROCESSES.filter_map { |name, what| rates(name, what) }
      tables.any? ? [picture('workers', 'Steps a second by processes'), *tables].join("\n\n") : nil
    end

    def rates(name, what)
      engine, core = @results.series(name).values_at('engine', 'core')
      return unless core

      Markdown.table([['steps a second', *BOTH, *BUSY], *core.map do |count, rate|
        title = "#{count} #{what}#{'es' if count > 1}"
        slow = engine&.fetch(count, nil)
        [title, slow&.round(1), rate.round, slow && Headlines.times(rate / slow), *busy(title)]
      end])
    end

    PROCESSES = { 'throughput' => 'process', 'sidekiq' => 'Sidekiq process' }.freeze
    BUSY = ['busy with tasker_core', 'busy with PostgreSQL and all else'].freeze
    private_constant :BUSY, :PROCESSES

    # @return [Array<Float, nil>] processors
    def busy(title)
      ['them', 'all else'].map { |what| @results.figure("core, #{title}: processors busy with #{what}")&.round(2) }
    end
  end
end
