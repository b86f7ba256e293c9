# frozen_string_literal: true

require_relative 'answers/costs'
require_relative 'answers/runs'
require_relative 'answers/sizes'
require_relative 'headlines'
require_relative '../../spec/support/exponent'
require_relative 'markdown'
require_relative 'results'

# What docs/PERFORMANCE.md opens with: the questions of users, each answered by what was measured.
# A question that nothing was measured for is left out.
class Answers
  include Runs
  include Sizes
  include Costs

  QUESTIONS = {
    'How much faster is my workflow?' => :workflow,
    'What would something else give?' => :contenders,
    'And where the database is far away?' => :distance,
    'And with more workers?' => :workers,
    'And with long workflows?' => :growth,
    'And with a full database?' => :database,
    'How long does it take to find what can run next?' => :resolution,
    'Where is the limit?' => :limit,
    'What does it cost in memory and at the start?' => :memory
  }.freeze
  IMAGES = 'images'

  # @param results [Array<Hash>] as in results.json
  def initialize(results)
    @results = Results.new(results)
    @headlines = Headlines.new(results)
  end

  # @return [String]
  def markdown
    QUESTIONS.filter_map do |question, part|
      text = send(part)
      "### #{question}\n\n#{text}" if text
    end.join("\n\n")
  end

  private

  def named(rows) = Markdown.table([rows.first, *rows.drop(1).map { |name, *rest| [Markdown.name(name), *rest] }])

  def picture(name, text) = Markdown.picture(name, text, IMAGES)
end
