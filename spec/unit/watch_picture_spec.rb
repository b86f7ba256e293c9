# frozen_string_literal: true

require_relative '../spec_helper'

# The picture of a task, of steps that are given by hand.
RSpec.describe TaskerCore::Watch::Picture do
  step = Struct.new(:workflow_step_id, :name, :state, :attempts, :retry_limit, :level, :duration_micros,
                    :parent_step_ids, keyword_init: true)

  define_method(:progress) do |*steps|
    made = steps.each_with_index.map do |given, place|
      step.new({ workflow_step_id: place + 1, name: "step_#{place + 1}", state: 'pending', attempts: 0, retry_limit: 3,
                 level: 0, duration_micros: nil, parent_step_ids: [], **given })
    end
    TaskerCore::TaskProgress.new(task_id: 1, namespace: 'n', name: 't', version: '1', state: 'in_progress',
                                 now: Time.now, steps: made)
  end

  def lines(progress, width: 80, **) = described_class.new(progress).lines(progress, width:, **)

  def line(count) = Array.new(count) { |n| { level: n, parent_step_ids: n.zero? ? [] : [n] } }

  it 'shows state, attempt and duration, of a running step with the time since' do
    shown = progress({ state: 'in_progress', attempts: 1, duration_micros: 1_500_000 },
                     { state: 'complete', attempts: 1, retry_limit: nil, duration_micros: 90_000_000, level: 1,
                       parent_step_ids: [1] },
                     { state: 'error', attempts: 3, duration_micros: 7_500_000_000 },
                     { state: 'cancelled' }, { state: 'resolved_manually', duration_micros: 400 },
                     { state: 'odd', attempts: 9, duration_micros: 200_000_000_000 })
    found = lines(shown, since: 750_000).sort_by { |text| text[/step_\d/] }

    expect(found.map { |text| "#{text[/[◐●✗⊘◉?]/]} #{text[/step_.*/].squeeze(' ')}" })
      .to eq(['◐ step_1 in progress attempt 2/3 2.25 s', '● step_2 complete attempt 1 1 m 30 s',
              '✗ step_3 error attempt 3/3 2 h 5 m', '⊘ step_4 cancelled', '◉ step_5 resolved 0 ms',
              '? step_6 odd attempt 9/3 2 d 7 h'])
  end

  it 'is never wider than the terminal, whatever the names' do
    names = ['x' * 200, '名前' * 60, "bad\e[31m\nname", 'é' * 90, '']
    shown = progress(*names.map { |name| { name:, state: 'error', attempts: 3, duration_micros: 5_000_000 } })
    [44, 50, 60, 80, 100].each do |width|
      widths = lines(shown, width:).map { |text| TaskerCore::Terminal::Text.columns(text) }
      expect(widths.max).to be <= width
    end
    expect(lines(shown).join).not_to match(/[\e\n]/)
  end

  it 'leaves out what is far from what happens, and says how much' do
    steps = line(40)
    20.times { |n| steps[n][:state] = 'complete' }
    shown = lines(progress(*steps), height: 10)

    expect(shown.size).to eq(10)
    expect([shown.first, shown.last]).to eq(['⋮ 19 more above', '⋮ 13 more below'])
    expect(shown[1..-2].join).to include('step_20 ', 'step_21 ').and include('step_27')
    expect(lines(progress(*line(10)), height: 10).size).to eq(10)
    expect(lines(progress(*line(11)), height: 10).last).to eq('⋮ 2 more below')
    done = line(30).each { |one| one[:state] = 'complete' }
    expect(lines(progress(*done), height: 10)).to match(['⋮ 21 more above', *([/●/] * 9)])
  end

  it 'draws no lanes where they would take half of the terminal' do
    fan = [{}] + Array.new(30) { |n| { level: 1, parent_step_ids: [1], name: "fan_#{n}" } } +
          Array.new(30) { |n| { level: 2, parent_step_ids: [n + 2] } }
    expect(lines(progress(*fan), width: 60).grep(/│|├/)).to be_empty
    expect(lines(progress(*fan), width: 200).grep(/├/)).not_to be_empty
  end

  it 'counts many that are alike where their signs have no room' do
    states = (['error'] * 7) + (['pending'] * 83)
    fan = [{ state: 'complete' }] + states.map { |state| { level: 1, parent_step_ids: [1], state: } }
    expect(lines(progress(*fan), width: 60).last).to match(/\A✗ 90 × step_2 … step_91 +7 ✗ 83 ○\z/)
  end

  it 'has no lines for a task without steps' do
    expect(lines(progress)).to eq([])
  end
end
