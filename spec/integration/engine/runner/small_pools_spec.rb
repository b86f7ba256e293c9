# frozen_string_literal: true

require_relative 'orchestration_helper'

# Whoever waits for others holds no connection: a run gets along with as many as its threads have.
RSpec.describe 'runs on small pools', :orchestration, database: :committed do
  # @param size [Integer]
  def with_pool(size)
    ActiveRecord::Base.establish_connection(Database.config(pool: size, checkout_timeout: 5))
    yield
  ensure
    ActiveRecord::Base.establish_connection(Database.config)
  end

  let(:fan) { { 'one' => [], 'a' => ['one'], 'b' => ['one'], 'c' => ['one'], 'd' => ['one'], 'end' => %w[a b c d] } }

  def complete(task) = step_states(task).values.uniq == ['complete'] && task_state(task) == 'complete'

  # Another connection of the pool, as a thread of the handler's own has it.
  def on_a_second_connection
    Thread.new do
      ActiveRecord::Base.connection_pool.with_connection { |connection| connection.select_value('SELECT 1') }
    end.value
  end

  it 'need one connection' do
    task = Scripted.task(fan)
    with_pool(1) { Timeout.timeout(20) { Scripted.handle(task) } }

    expect(complete(task)).to be(true)
  end

  it 'leave one to handlers that need a second' do
    query = lambda { |*|
      sleep 0.02
      { 'one' => on_a_second_connection }
    }
    task = Scripted.task(fan, fan.keys.to_h { |name| [name, query] })
    with_pool(2) { Timeout.timeout(20) { Scripted.handle(task) } }

    expect(complete(task)).to be(true)
  end

  it 'complete eight parallel steps that run a task each, on eight connections' do
    inner = Array.new(8) { Scripted.task({ 'x' => [], 'y' => ['x'] }) }
    names = Array.new(8) { |number| "step#{number}" }
    scripts = names.zip(inner).to_h { |name, task| [name, ->(*) { Scripted.handle(task).then { {} } }] }
    outer = Scripted.task(names.to_h { |name| [name, []] }, scripts)
    with_pool(8) { Timeout.timeout(60) { Scripted.handle(outer) } }

    expect([outer, *inner].map { |task| complete(task) }).to all(be(true))
  end

  it 'run side by side in as many threads as there are connections' do
    tasks = Array.new(10) { Scripted.task(fan, fan.keys.to_h { |name| [name, ->(*) { sleep(0.01).then { {} } }] }) }
    waiting = tasks.inject(Queue.new, :push)
    with_pool(5) do
      threads = Array.new(5) do
        Thread.new do
          while (task = waiting.pop(timeout: 0))
            Scripted.handle(task)
            ActiveRecord::Base.connection_handler.clear_active_connections!
          end
        end
      end
      Timeout.timeout(60) { threads.each(&:join) }
    end

    expect(tasks.map { |task| complete(task) }).to all(be(true))
  end
end
