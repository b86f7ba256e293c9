# frozen_string_literal: true

class Answers
  # What is left, and what it costs.
  module Costs
    private

    def limit
      bare, step = ['a step, limit', 'a step, core, in the same minute'].map { |name| @results.figure(name) }
      return unless bare && step

      "The statements of a step with their commit take #{Headlines.time(bare)} through the pg gem alone; " \
        "a step takes #{Headlines.time(step)}. Nothing that keeps the same rows can be more than " \
        "#{Headlines.times(step / bare)} as fast."
    end

    def memory
      found = @results.series('memory')
      return if found.empty?

      points = found.values.first.keys.map { |tasks| AFTER.fetch(tasks, "after #{tasks} tasks") }
      rows = found.map do |side, values|
        [Markdown.name(side), start(side), *values.values.map { |value| "#{value.round} MB" }]
      end
      [picture('memory', 'Resident memory of a Rails process'),
       Markdown.table([['a Rails process', 'start', *points], *rows]), gem].compact.join("\n\n")
    end

    AFTER = { 0 => 'after its start', 1 => 'after a task' }.freeze
    private_constant :AFTER

    def start(side) = @results.figure("#{side}: start")&.then { |seconds| "#{seconds.round(2)} s" }

    def gem
      loading = @results.figure('load the extension: time')
      added = @results.figure('what 1,000,000 operations add over 10,000')
      return unless loading && added

      "The extension loads in #{Headlines.time(loading)}. A million operations leave #{added.round(1)} MB more in " \
        'memory than ten thousand.'
    end
  end
end
