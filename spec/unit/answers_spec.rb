# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../../bench/support/answers'

# The pages of bin/bench --publish, from what scripts hand over.
RSpec.describe Answers do
  def page(**result) = described_class.new([JSON.parse(JSON.generate({ script: 'a.rb', **result }))]).markdown

  def series(picture, **sides)
    sides.map { |side, points| { picture:, side:, unit: 'ms', points: points.to_a } }
  end

  it 'leaves out a question that nothing was measured for' do
    expect(page).to eq('')
    expect(page(series: series('memory', core: { 0 => 80.0, 1 => 90.0 })).scan(/^### (.*)/).flatten).to eq(
      ['What does it cost in memory and at the start?']
    )
  end

  it 'says how the time of long workflows grows, and where the engine was given up' do
    text = page(series: series('growth', engine: { 10 => 1000.0, 100 => 100_000.0 },
                                         core: { 10 => 20.0, 100 => 200.0, 1000 => 2000.0, 10_000 => 20_000.0 }),
                figures: [{ name: 'engine, a line of 1,000: given up after', value: 60, unit: 's' }])

    expect(text).to include('With the engine the time of a run grows with the square (n^2.0, up to 100 steps).',
                            'With tasker_core the time of a run grows linearly (n^1.0, up to 10,000 steps).',
                            '| 100 | 100.00 s | 200 ms | 2 ms |', '| 1,000 | more than 60 s | 2.00 s | 2 ms |',
                            '| 10,000 |  | 20.00 s | 2 ms |')
  end

  it 'shows how many steps a second more processes give, and who has the processors' do
    text = page(series: series('sidekiq', engine: { 1 => 10.0 }, core: { 1 => 400.0, 2 => 600.0 }),
                figures: [{ name: 'core, 2 Sidekiq processes: processors busy with all else', value: 0.754, unit: '' }])

    expect(text).to include('| 1 Sidekiq process | 10.0 | 400 | 40x |  |  |',
                            '| 2 Sidekiq processes |  | 600 |  |  | 0.75 |')
  end

  it 'keeps what is asked of memory apart from what is read anew' do
    text = page(series: series('resolution', 'the engine, as its loop asks': { 10 => 3.0 },
                                             'tasker_core, read anew': { 10 => 0.5 },
                                             'tasker_core, from memory': { 10 => 0.01 }))
    inside, outside = text.split('Outside of a run')

    expect(inside).to include('| tasker_core, from memory | 10 µs |').and exclude('read anew |')
    expect(outside).to include('| tasker_core, read anew | 0.5 ms |').and exclude('from memory |')
  end

  define_method(:exclude) { |text| satisfy("have no #{text}") { |given| !given.include?(text) } }
end
