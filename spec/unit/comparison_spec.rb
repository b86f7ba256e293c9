# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../../bench/support/comparison'

RSpec.describe Comparison do
  # Twenty runs, the middle half of which lies within 4 % of the median.
  def row(name, median)
    { 'name' => name, 'median_ms' => median, 'least_ms' => median * 0.95, 'most_ms' => median * 1.3,
      'lower_ms' => median * 0.98, 'upper_ms' => median * 1.02, 'runs' => 20 }
  end

  def results(script, load: 0.5, **medians)
    rows = medians.map { |name, median| row(name.to_s, median) }
    [{ 'script' => script, 'conditions' => "2 processors; load average #{load} and 1",
       'tables' => [{ 'title' => 'a run', 'rows' => rows }] }]
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

  it 'sees none where the least time stayed, which is a burst of something else' do
    after = results('a.rb', core: 14)
    after.first['tables'].first['rows'].first['least_ms'] = 9.6

    expect(verdicts(results('a.rb', core: 10), after)).to eq('core' => 'no difference')
  end

  it 'is certain of nothing on a busy machine' do
    expect(verdicts(results('a.rb', core: 10), results('a.rb', load: 3.5, core: 14))).to eq('core' => 'uncertain')
    expect(verdicts(results('a.rb', core: 10), results('a.rb', load: 2.5, core: 14))).to eq('core' => 'slower')
  end

  it 'trusts a few runs no more than the farthest of them' do
    few = { 'name' => 'core', 'median_ms' => 10.0, 'least_ms' => 9.0, 'most_ms' => 13.0, 'lower_ms' => 9.9,
            'upper_ms' => 10.1, 'runs' => 3 }
    before = [{ 'script' => 'a.rb', 'tables' => [{ 'title' => 'a run', 'rows' => [few] }] }]

    expect(verdicts(before, results('a.rb', core: 13))).to eq('core' => 'no difference')
    expect(verdicts(before, results('a.rb', core: 16))).to eq('core' => 'slower')
  end
end
