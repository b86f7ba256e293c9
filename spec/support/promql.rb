# frozen_string_literal: true

# The names in an expression of PromQL, without evaluating it.
class Promql
  # What is no metric: operators, functions and aggregations.
  WORDS = %w[and or unless by sum rate increase histogram_quantile offset label_values].freeze

  GROUPING = /\bby\s*\(([^)]*)\)/
  MATCHERS = /\{([^}]*)\}/
  RANGE = /\[[^\]]*\]/

  def initialize(expression)
    @expression = expression
    @plain = expression.gsub(/"[^"]*"/, '""')
  end

  # @return [Array<String>] metrics; a misspelt function is one that there is not
  def metrics = words([GROUPING, MATCHERS, RANGE].reduce(@plain) { |text, part| text.gsub(part, ' ') }).uniq - WORDS

  # @return [Array<String>] labels that are matched or grouped by
  def labels = (@plain.scan(MATCHERS) + @plain.scan(GROUPING)).flatten.flat_map { |text| words(text) }.uniq

  # @param label [String]
  # @return [Array<String>] the values that it is matched with
  def values(label) = @expression.scan(/\b#{label}=~?"([^"]*)"/).flatten.flat_map { |value| value.split('|') }.uniq

  private

  def words(text) = text.scan(/(?<![\w$])[a-zA-Z_]\w*/)
end
