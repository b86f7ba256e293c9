# frozen_string_literal: true

# Tables for a page.
module Markdown
  # How readers know them.
  NAMES = { 'engine' => 'the engine', 'engine, sequence in one query' => 'the engine, its sequence in one query',
            'core' => 'tasker_core', 'core, worker in Python' => 'tasker_core, worker in Python' }.freeze

  module_function

  # @param rows [Array<Array>] the first is the head
  # @return [String]
  def table(rows)
    head, *rest = rows.map { |row| "| #{row.join(' | ')} |" }
    [head, "|#{'---|' * rows.first.size}", *rest].join("\n")
  end

  # @return [String] a side as readers know it; it may have a number before it
  def name(side)
    number, own = side.match(/\A(\d+\. )?(.*)\z/).captures
    "#{number}#{NAMES.fetch(own, own)}"
  end

  # @return [String] 10000 as 10,000
  def number(value) = value.to_s.gsub(/(?<=\d)(?=(\d{3})+\z)/, ',')

  # @param name [String] of the picture's file, without the theme
  # @param text [String] for those who cannot see it
  # @param folder [String] of the images, from the page
  def picture(name, text, folder)
    <<~HTML.strip
      <picture>
        <source media="(prefers-color-scheme: dark)" srcset="#{folder}/#{name}-dark.svg">
        <img alt="#{text}" src="#{folder}/#{name}-light.svg">
      </picture>
    HTML
  end
end
