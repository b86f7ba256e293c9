# frozen_string_literal: true

class Answers
  # What becomes of it with more steps, in a task and in the database.
  module Sizes
    private

    def growth
      engine, core = @results.series('growth').values_at('engine', 'core')
      return unless core

      rows = core.map do |steps, time|
        [Markdown.number(steps), engine_time(engine, steps), Headlines.time(time), Headlines.time(time / steps)]
      end
      [picture('growth', 'The time of a run by its steps'), exponents('growth'),
       Markdown.table([['steps in a line', 'the engine', 'tasker_core', 'a step of tasker_core'], *rows]), wide]
        .compact.join("\n\n")
    end

    # @return [String] empty where the engine was given up before
    def engine_time(points, steps)
      time = points&.fetch(steps, nil)
      return Headlines.time(time) if time

      limit = @results.figure("engine, a line of #{Markdown.number(steps)}: given up after")
      limit ? "more than #{limit} s" : ''
    end

    def exponents(name)
      @results.series(name).filter_map do |side, points|
        next if points.size < 2

        exponent = Exponent.of(points)
        "With #{Markdown.name(side)} the time of a run grows #{Exponent.words(exponent)} " \
          "(n^#{exponent.round(2)}, up to #{Markdown.number(points.keys.max)} steps)."
      end.join(' ')
    end

    def wide
      rows = @results.note('1 -> 1,000 -> 1 side by side')
      rows && "One step, then 1,000 side by side, then one:\n\n#{named(rows)}"
    end

    def database
      questions = @results.series('database')
      return if questions.empty?

      head = questions.values.first.keys.map { |size| "#{Markdown.number(size)} steps" }
      rows = questions.map do |question, points|
        [question, *points.values.map { |time| Headlines.time(time) }, "n^#{Exponent.of(points).round(2)}"]
      end
      Markdown.table([['', *head, 'grows with'], *rows])
    end

    def resolution
      asked = @results.series('resolution')
      return if asked.empty?

      anew, memory = asked.partition { |way, _| way.include?('read anew') }
      others = memory.reject { |way, _| way.start_with?('tasker_core') }
      ["Inside of a run, where tasker_core answers from memory and the engine asks the database:\n\n#{ways(memory)}",
       "Outside of a run, where both read the database at each question:\n\n#{ways(others + anew)}"].join("\n\n")
    end

    def ways(asked)
      sizes = asked.flat_map { |_, points| points.keys }.uniq
      Markdown.table([['', *sizes.map { |size| "#{Markdown.number(size)} steps" }], *asked.map do |way, points|
        [Markdown.name(way), *points.values_at(*sizes).map { |time| time ? Headlines.time(time) : '' }]
      end])
    end
  end
end
