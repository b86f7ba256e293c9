# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'
require_relative '../../support/collector'
require_relative '../../support/packed_events'

# Nothing is lost without being counted, whoever stops, dies or goes away meanwhile.
RSpec.describe 'the account of events', timeout: 120 do
  let(:million) { 1_000_000 }
  let(:core) { TaskerCore::Core.new }
  let(:client) { TaskerCore::Client.new(core, nil) }

  after { core.close }

  it 'has a million events from Go to a Ruby subscriber' do
    expected = 0
    subscription = client.subscribe('step.*', when_full: :block, max_wait: 0) do |event|
      raise "#{event.sequence} came after #{expected}" unless event.sequence == expected + 1

      expected += 1
    end
    PackedEvents.new(core).publish_all(million)

    expect(subscription.close).to be(true)
    expect(expected).to eq(million)
    expect(subscription.stats)
      .to eq(matched: million, delivered: million, dropped: 0, spilled: 0, pending: 0, failed: 0)
  end

  it 'has a million events from Ruby to Go' do
    numbers = [1, 499_999, 500_000, million]
    single = numbers.map { |number| client.subscribe('n.*', task_id: number) { nil } }
    none = client.subscribe('n.*', task_id: million + 1) { nil }
    client.publish_events((1..million).lazy.map { |number| { name: 'n.x', task_id: number } })

    expect(client.event_stats).to include(published: million, matched: numbers.size)
    expect(single.map { |subscription| subscription.stats[:matched] }).to eq([1] * numbers.size)
    expect(none.stats[:matched]).to eq(0)
  end

  it 'has every event where the thread that delivers is killed again and again' do
    seen = []
    subscription = client.subscribe('*', when_full: :block, max_wait: 0) do |event|
      Thread.handle_interrupt(Object => :never) { seen << event.sequence }
    end
    killer = Thread.new do
      (0...100_000).step(500) do |number|
        Thread.pass until seen.size > number
        TaskerCore::Delivery.current.instance_variable_get(:@thread).kill.join
      end
    end
    PackedEvents.new(core, count: 500).publish_all(100_000)
    killer.join

    expect(subscription.close).to be(true)
    expect(seen).to eq((1..100_000).to_a)
  end

  it 'is kept while processes fork in the middle, with a subscription' do
    seen = []
    subscription = client.subscribe('*', when_full: :block, max_wait: 0) { |event| seen << event.sequence }
    events = PackedEvents.new(core)
    publisher = Thread.new { events.publish_all(200_000) }
    children = Array.new(4) do
      Children.start do
        seen.clear
        # The child has a core of its own, and the subscription in it.
        client.publish_events(Array.new(500) { { name: 'child' } })
        subscription.close
        [seen, subscription.stats[:delivered]]
      end
    end

    expect(children.map { |child| Children.finish(*child) }).to all(eq([(1..500).to_a, 500]))
    publisher.join
    expect(subscription.close).to be(true)
    expect(seen).to eq((1..200_000).to_a)
  end

  it 'is kept while processes fork in the middle, without one' do
    events = PackedEvents.new(core)
    publisher = Thread.new { events.publish_all(200_000) }
    counts = Array.new(4) do
      Children.start do
        client.publish('child')
        client.event_stats.fetch_values(:published, :subscriptions)
      end
    end

    expect(counts.map { |child| Children.finish(*child) }).to all(eq([1, 0]))
    publisher.join
    expect(client.event_stats).to include(published: 200_000)
  end

  describe 'with a subscriber that has stopped' do
    let(:gate) { Queue.new }
    let(:held) { Collector.new }

    after { gate.close }

    def stopped(**options)
      subscription = client.subscribe('*', **options) do |event|
        held << event.sequence
        gate.pop
      end
      client.publish('first')
      held.first(1)
      subscription
    end

    def memory = File.read('/proc/self/status')[/^VmRSS:\s+(\d+)/, 1].to_i / 1024

    { block: { max_wait: 0.01 }, drop_oldest: {}, spill: {} }.each do |when_full, options|
      it "stays bounded in memory: #{when_full}" do
        growth, stats = Children.fork_and_wait do
          subscription = stopped(when_full:, max_bytes: 4 << 20, **options)
          events = PackedEvents.new(core, count: 500, payload: { text: 'x' * 1000 })
          events.publish_all(50_000)
          before = memory
          events.publish_all(350_000)
          [memory - before, subscription.stats]
        end

        # 350 MB went by; Go's heap may grow to several times what is alive.
        expect(growth).to be < 200
        expect(stats[:matched]).to eq(400_001)
        expect(stats[:dropped] + stats[:pending] + stats[:delivered]).to eq(400_001)
        expect(stats[:dropped]).to when_full == :spill ? eq(0) : be > 100_000
      end
    end

    # Publishers that wait for room, which never comes.
    def blocked_publishers(count)
      subscription = stopped(when_full: :block, max_wait: 0, capacity: 10)
      threads = Array.new(count) { |i| Thread.new { client.publish_events(Array.new(50) { { name: "t#{i}" } }) } }
      threads.each { |thread| thread.report_on_exception = false }
      # One event is in the block's hand, and the queue is full.
      Thread.pass until subscription.stats[:pending] == 10
      [subscription, threads]
    end

    it 'lets publishers go when it is closed' do
      subscription, threads = blocked_publishers(4)
      closing = Thread.new { subscription.close }
      threads.each(&:join)
      gate.close

      expect(closing.value).to be(true)
      expect(subscription.stats).to include(matched: 11, delivered: 11, dropped: 0)
      expect(client.event_stats).to include(published: 201, subscriptions: 0)
    end

    it 'lets other threads run, and publishers be interrupted' do
      _, (killed, late) = blocked_publishers(2)
      expect { Timeout.timeout(0.05) { client.publish('more') } }.to raise_error(Timeout::Error)
      late.raise(IOError, 'enough')
      expect { late.join }.to raise_error(IOError, 'enough')
      killed.kill.join
      expect(client.event_stats).to include(published: 11, pending: 10)
    end

    it 'does not wait for itself where the block publishes' do
      answered = Collector.new
      subscription = client.subscribe('*', when_full: :block, max_wait: 0, capacity: 5) do |event|
        client.publish_events(Array.new(20) { { name: 'answer' } }) if event.name == 'question'
        answered << event.name
      end
      client.publish('question')
      answered.first(6)

      expect(subscription.close).to be(true)
      expect(subscription.stats).to include(matched: 21, delivered: 6, dropped: 15)
    end
  end

  it 'drains at the end of the program, and subscribing does not load the core' do
    output, status = Children.ruby(<<~RUBY)
      require 'tasker_core'
      seen = 0
      TaskerCore.subscribe('*') { seen += 1 }
      print TaskerCore::Library.loaded?, ' '
      at_exit { TaskerCore::Delivery.stop; print seen }
      TaskerCore.publish_events(Array.new(5000) { { name: 'n' } })
    RUBY

    expect([output, status.success?]).to eq(['false 5000', true])
  end

  it 'opens the core for who only listens' do
    output, = Children.ruby(<<~RUBY)
      require 'tasker_core'
      TaskerCore.subscribe('*') { nil }
      TaskerCore.listen
      print TaskerCore::Library.loaded?, ' ', TaskerCore.event_stats[:subscriptions]
    RUBY

    expect(output).to eq('true 1')
  end

  it 'ends a program whose subscriber never comes back' do
    output, status = Children.ruby(<<~RUBY)
      require 'tasker_core'
      TaskerCore::Delivery.send(:remove_const, :PATIENCE)
      TaskerCore::Delivery::PATIENCE = 0.1
      TaskerCore.subscribe('*', when_full: :block) { sleep }
      TaskerCore.publish('n')
      print 'done'
    RUBY

    expect([output, status.success?]).to eq(['done', true])
  end
end
