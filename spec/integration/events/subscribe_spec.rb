# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'
require_relative '../../support/collector'

RSpec.describe 'TaskerCore.subscribe' do
  let(:got) { Collector.new }
  let(:subscriptions) { [] }

  after { subscriptions.each(&:close) }

  def subscribe(*names, **options, &block)
    block ||= ->(event) { got << event }
    TaskerCore.subscribe(*names, **options, &block).tap { |subscription| subscriptions << subscription }
  end

  # A subscriber that stands still until it is let go.
  def stopped_subscriber(**options)
    gate = Queue.new
    held = Collector.new
    subscription = subscribe('*', **options) do |event|
      held << event.name
      gate.pop
    end
    TaskerCore.publish('first')
    held.first(1)
    [subscription, gate, held]
  end

  it 'hands over what was published, and about what' do
    subscribe('order.*')
    TaskerCore.publish('order.made', { id: 7, lines: [{ price: 1.5 }] }, task_id: 3, step_id: 4, namespace: 'shop',
                                                                         task_name: 'order', step_name: 'pay')
    event = got.first(1).first
    expect(event).to have_attributes(name: 'order.made', task_id: 3, step_id: 4, namespace: 'shop', task_name: 'order',
                                     step_name: 'pay', payload: { id: 7, lines: [{ price: 1.5 }] })
    expect(event[:id]).to eq(7)
    expect(event.occurred_at).to be_within(60).of(Time.now)
    expect(event.origin).to include(":#{Process.pid}:")
  end

  it 'leaves out what is not given' do
    subscribe('*')
    TaskerCore.publish('order.made')
    expect(got.first(1).first)
      .to have_attributes(task_id: nil, step_id: nil, namespace: nil, step_name: nil, payload: {})
  end

  it 'keeps the time that an event gives' do
    subscribe('*')
    time = Time.utc(2026, 1, 2, 3, 4, 5.678901r)
    TaskerCore.publish('order.made', { at: time, large: 2**64, kind: :new }, occurred_at: time)
    expect(got.first(1).first).to have_attributes(occurred_at: time,
                                                  payload: { at: '2026-01-02T03:04:05.678901Z', kind: 'new',
                                                             large: '18446744073709551616' })
  end

  def nested(depth) = (1..depth).reduce(1) { |inner, n| n.odd? ? { 'in' => inner } : [inner] }

  it 'takes payloads down to a limit, and refuses those that are deeper or hold themselves' do
    subscribe('*')
    circle = {}
    circle['self'] = [circle]
    [nested(101), nested(5_001), { a: nested(1_000_001) }, { a: circle }, circle].each do |payload|
      expect { TaskerCore.publish('order.made', payload) }
        .to raise_error(TaskerCore::InvalidArgument, /nested deeper than 100 levels/)
    end
    TaskerCore.publish('order.made', nested(99))
    expect(got.first(1).first.payload.to_s).to eq(nested(99).to_s.gsub('"in"=>', ':in=>'))
  end

  it 'takes names, prefixes and predicates' do
    subscribe('step.completed', 'task.*', namespace: 'shop')
    TaskerCore.publish_events([{ name: 'step.completed', namespace: 'shop' }, { name: 'step.completed' },
                               { name: 'step.failed', namespace: 'shop' }, { name: 'task.failed', namespace: 'shop' }])
    expect(got.first(2).map(&:name)).to eq(%w[step.completed task.failed])
    subscriptions.each(&:close)
    expect(got.to_a.size).to eq(2)
  end

  it 'refuses names and options that it cannot follow', :wrong_types do
    # Only a core that is open can judge them at once.
    TaskerCore::Core.current
    expect { TaskerCore.subscribe('*') }.to raise_error(ArgumentError, /block/)
    expect { subscribe }.to raise_error(TaskerCore::InvalidArgument, /no event is named/)
    expect { subscribe('step*') }.to raise_error(TaskerCore::InvalidArgument, /"step\*"/)
    expect { subscribe('*', when_full: :panic) }.to raise_error(TaskerCore::InvalidArgument, /:panic/)
    expect { subscribe('*', capacity: 0) }.to raise_error(TaskerCore::InvalidArgument, /capacity is 0/)
    expect { TaskerCore.publish('') }.to raise_error(TaskerCore::InvalidArgument, /no name/)
    expect { TaskerCore.publish('a', nil, task_id: Object.new) }.to raise_error(TaskerCore::InvalidArgument)
  end

  it 'goes on where a subscriber raises, and reports it once for each class' do
    reports = Collector.new
    TaskerCore.configuration.on_report = reports.method(:<<)
    failing = subscribe('*') { |event| raise(event.name == 'a' ? ArgumentError : NotImplementedError, 'no') }
    subscribe('*')
    TaskerCore.publish_events(%w[a a b a].map { |name| { name: } })
    expect(got.first(4).map(&:name)).to eq(%w[a a b a])
    failing.close
    expect(reports.to_a.map { |report| [report.kind, report.details[:error].class] })
      .to eq([[:subscriber_failed, ArgumentError], [:subscriber_failed, NotImplementedError]])
    expect(failing.stats).to include(failed: 4, delivered: 4)
  ensure
    TaskerCore.configuration.on_report = nil
  end

  it 'holds for the core that takes the place of another' do
    subscription = subscribe('second')
    TaskerCore.publish_events([{ name: 'first' }, { name: 'second' }])
    TaskerCore::Core.reset
    TaskerCore.publish('second')

    expect(got.first(2).map(&:name)).to eq(%w[second second])
    expect(got.to_a.last.sequence).to eq(1)
    expect(subscription.stats).to include(matched: 1)
  end

  it 'says so once where the descriptors of the process were closed' do
    said = Children.fork_and_wait do
      reports = Collector.new
      TaskerCore.configuration.on_report = reports.method(:<<)
      subscribe('*')
      TaskerCore.publish('first')
      got.first(1)
      TaskerCore::Delivery.current.instance_variable_get(:@wake).each(&:close)
      TaskerCore.publish('second')
      reports.first(1).map { |report| [report.kind, report.message[/descriptors were closed/]] }
    end

    expect(said).to eq([[:delivery_failed, 'descriptors were closed']])
  end

  it 'delivers what waits before a close returns' do
    subscription = subscribe('*')
    TaskerCore.publish_events(Array.new(5000) { |i| { name: 'n', task_id: i + 1 } })
    expect(subscription.close).to be(true)
    expect(got.to_a.map(&:task_id)).to eq((1..5000).to_a)
    expect(subscription).to be_closed
    TaskerCore.publish('n')
    expect(subscription.stats).to eq(matched: 5000, delivered: 5000, dropped: 0, spilled: 0, pending: 0, failed: 0)
  end
end
