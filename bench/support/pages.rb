# frozen_string_literal: true

require_relative 'answers'
require_relative 'plots'

# The pages that --publish writes to, each part between two comments: what users gain goes into the
# README, the answers to their questions and every target into docs/PERFORMANCE.md.
module Pages
  FROM = '<!-- bin/bench --publish writes %s from here -->'
  TO = '<!-- to here -->'
  # The scripts whose targets users look for.
  FIRST = %w[workflows.rb sidekiq.rb orchestration.rb throughput.rb sidekiq_processes.rb].freeze

  module_function

  # @param results [Array<Hash>] as in results.json
  # @param conditions [Array<String>] lines of a report
  # @param rows [Array<Hash>] every target
  # @param headlines [Headlines]
  def publish(results, conditions, rows, headlines)
    Plots.draw(results, headlines.lines)
    picture = Markdown.picture('speed', 'Times with the engine and with tasker_core', 'docs/images')
    conditions = conditions.join("\n")
    write('README.md', 'headlines', "#{picture}\n\n#{headlines.markdown}\n\nMedians. #{conditions}")
    write('docs/PERFORMANCE.md', 'answers', "#{conditions}\n\n#{Answers.new(results).markdown}")
    write('docs/PERFORMANCE.md', 'durations', durations(results))
    write('docs/PERFORMANCE.md', 'targets', targets(rows))
  end

  def write(page, part, text)
    path = File.expand_path("../../#{page}", __dir__)
    before, mark, rest = File.read(path).partition(format(FROM, part))
    after = rest.partition(TO).last
    abort "#{page} has no place for #{part}" if mark.empty? || after.empty?

    File.write(path, "#{before}#{mark}\n\n#{text}\n\n#{TO}#{after}")
  end

  def durations(results)
    seconds = Results.new(results).seconds
    "The scripts of this run take #{(seconds.values.sum / 60.0).round} minutes, in seconds: " \
      "#{seconds.map { |script, taken| "`#{script}` #{taken}" }.join(', ')}."
  end

  def targets(rows)
    rows = rows.sort_by.with_index { |row, place| [FIRST.index(row[:script]) || FIRST.size, place] }
    Markdown.table([['script', 'target', 'wanted', 'measured', ''],
                    *rows.map { |row| ["`#{row[:script]}`", *row.values_at(:name, :wanted, :value, :met)] }])
  end
end
