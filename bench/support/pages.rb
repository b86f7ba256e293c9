# frozen_string_literal: true

require_relative 'plots'

# The pages that --publish writes to, between two comments: what users gain goes into the
# README and is drawn, every target goes into docs/PERFORMANCE.md.
module Pages
  MARKS = ['<!-- bin/bench --publish writes from here -->', '<!-- to here -->'].freeze
  PICTURE = <<~HTML
    <picture>
      <source media="(prefers-color-scheme: dark)" srcset="docs/images/speed-dark.svg">
      <img alt="Times with the engine and with tasker_core, on a logarithmic scale" src="docs/images/speed-light.svg">
    </picture>
  HTML

  module_function

  # @param conditions [Array<String>] lines of a report
  # @param rows [Array<Hash>] every target
  # @param headlines [Headlines]
  def publish(conditions, rows, headlines)
    Plots.draw(headlines.lines)
    write('README.md', "#{PICTURE}\n#{headlines.markdown}\n\nMedians. #{conditions.join("\n")}")
    write('docs/PERFORMANCE.md', "#{conditions.join("\n")}\n\n#{targets(rows)}")
  end

  def write(page, text)
    path = File.expand_path("../../#{page}", __dir__)
    page_text = File.read(path)
    from, to = MARKS.map { |mark| page_text.index(mark) || abort("#{page} has no #{mark}") }
    File.write(path, "#{page_text[0...from]}#{MARKS.first}\n\n#{text}\n\n#{page_text[to..]}")
  end

  def targets(rows)
    ['| script | target | wanted | measured | |', '|---|---|---|---|---|',
     *rows.map { |row| "| #{["`#{row[:script]}`", *row.values_at(:name, :wanted, :value, :met)].join(' | ')} |" }]
      .join("\n")
  end
end
