# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../../bench/support/comparison'

RSpec.describe Comparison do
  # Twenty runs, the middle half of which lies within 4 % of the median.
  def row(name, median)
    { 'name' => name, 'median_ms' => median, 'least_ms' => median * 0.95, 'most_ms' => median * 1.3,
      'lower_ms' => median * 0.98, 'upper_ms' => median * 1.02, 'runs' => 20 }
  end

  def results(script, **medians)
    rows = medians.map { |name, median| row(name.to_s, median) }
    [{ 'script' => script, 'tables' => [{ 'title' => 'a run', 'rows' => rows }] }]
  end

  def verdicts(before, after)
    comparison = described_class.new(before, after)
    comparison.pairs.to_h { |pair| [pair.name, comparison.verdict(pair)] }
  end

  it 'sees a difference where the engine took as long as before' do
    before = results('a.rb', engine: 100, core: 10, client: 10, other: 10)

    expect(verdicts(before, results('a.rb', engine: 102, core: 12, client: 8, other: 10.3))).to eq(
      'engine' => 'no difference', 'core' => 'slower', 'client' => 'faster', 'other' => 'no difference'
    )
  end

  it 'sees none where everything took longer, which is the machine' do
    expect(verdicts(results('a.rb', engine: 100, core: 10), results('a.rb', engine: 140, core: 14)).values).to all(
      eq('no difference')
    )
  end

  it 'takes the machine from other scripts where a script has nothing but ours' do
    before = [*results('a.rb', engine: 100, core: 10), *results('b.rb', core: 10)]
    after = [*results('a.rb', engine: 140, core: 10), *results('b.rb', core: 13)]

    expect(verdicts(before, after).values).to all(eq('no difference'))
  end

  it 'trusts a few runs no more than the farthest of them' do
    few = { 'name' => 'core', 'median_ms' => 10.0, 'least_ms' => 9.0, 'most_ms' => 13.0, 'lower_ms' => 9.9,
            'upper_ms' => 10.1, 'runs' => 3 }
    before = [{ 'script' => 'a.rb', 'tables' => [{ 'title' => 'a run', 'rows' => [few] }] }]

    expect(verdicts(before, results('a.rb', core: 13))).to eq('core' => 'no difference')
    expect(verdicts(before, results('a.rb', core: 16))).to eq('core' => 'slower')
  end
end
