# frozen_string_literal: true

require_relative '../../spec_helper'

# Steps run on many threads, which share the core and have connections of their own.
RSpec.describe 'the core under threads', database: :committed do
  let(:pool) { ActiveRecord::Base.connection_pool }
  let(:lines) { Array.new(8) { |n| Rows.workflow(steps: n + 1, edges: Array.new(n) { |k| [k + 1, k + 2] }) } }

  def with_client = pool.with_connection { |connection| yield TaskerCore.on(connection) }

  it 'answers 16 threads at once, each with its own task' do
    lines
    answers = Array.new(16) do |n|
      Thread.new do
        made = lines[n % 8]
        Array.new(25) do
          with_client { |client| [client.viable_steps(made.task_id), client.dependency_levels(made.task_id).size] }
        end.uniq
      end
    end.map(&:value)

    expect(answers).to eq(Array.new(16) { |n| [[[lines[n % 8][1]], (n % 8) + 1]] })
  end

  it 'opens one core for threads that come at once' do
    cores = Array.new(16) { Thread.new { TaskerCore::Core.current } }.map(&:value)

    expect(cores.uniq.size).to eq(1)
  end

  it 'lets other threads run while it is at work' do
    ids = (1..300_000).to_a
    turns = 0
    counting = true
    other = Thread.new { (turns += 1) && Thread.pass while counting }
    core = TaskerCore::Core.current
    request = ['step_readiness_batch', { 'task_ids' => ids, 'function_version' => 2 }, []].to_msgpack
    before = turns
    TaskerCore::Native.call(core.instance_variable_get(:@handle), request, true)
    expect(turns).to be > before
  ensure
    counting = false
    other&.join
  end

  describe 'that are interrupted' do
    let(:ids) { (1..50_000).to_a }
    let(:random) { Random.new(RSpec.configuration.seed) }

    # The connection of an interrupted statement is given up, as Active Record
    # itself advises; the core has nothing to give up.
    def on_a_connection_of_its_own
      connection = pool.checkout
      yield TaskerCore.on(connection)
    ensure
      pool.remove(connection)
      connection.disconnect!
    end

    def expect_the_core_to_answer
      expect(with_client { |client| client.viable_steps(lines[2].task_id) }).to eq([lines[2][1]])
    end

    it 'goes on after Timeout at any moment', timeout: 120 do
      cut_short = Array.new(25) do
        Timeout.timeout(random.rand(0.001..0.05)) do
          on_a_connection_of_its_own { |client| loop { client.step_readiness_batch(ids) } }
        end
      rescue Timeout::Error
        :timeout
      end

      expect(cut_short.uniq).to eq([:timeout])
      expect_the_core_to_answer
    end

    it 'goes on after Thread#kill at any moment', timeout: 120 do
      25.times do
        thread = Thread.new { on_a_connection_of_its_own { |client| loop { client.step_readiness_batch(ids) } } }
        sleep(random.rand(0.001..0.05))
        thread.kill
        expect(thread.join(10)).to be(thread)
      end

      expect_the_core_to_answer
    end

    it 'goes on after Thread#raise in the native call' do
      handle = TaskerCore::Core.current.instance_variable_get(:@handle)
      request = ['step_readiness_batch', { 'task_ids' => (1..200_000).to_a, 'function_version' => 2 }, []].to_msgpack
      raised = Array.new(20) do
        thread = Thread.new do
          Thread.current.report_on_exception = false
          loop { TaskerCore::Native.call(handle, request, true) }
        end
        sleep(random.rand(0.001..0.02))
        thread.raise(Interrupt)
        thread.join(10)
      rescue Interrupt
        :raised
      end

      expect(raised.uniq).to eq([:raised])
      expect_the_core_to_answer
    end
  end

  describe 'under the garbage collector' do
    def answers
      with_client do |client|
        made = lines[3]
        [client.step_readiness(made.task_id).map(&:to_h), client.dependency_levels(made.task_id).map(&:to_h),
         client.step_dag(made.task_id).map(&:to_h), client.task_execution_context(made.task_id).to_h]
      end
    end

    # The statement's answer is recorded beforehand: Active Record under stress
    # takes half a minute, and is not what is tested.
    it 'answers the same under GC.stress' do
      host = TaskerCore::HostConnection.new(ActiveRecord::Base.connection)
      handle = TaskerCore::Core.current.instance_variable_get(:@handle)
      request = ['dependency_levels', { 'task_id' => lines[3].task_id }, []]
      request[2] << host.answer(*MessagePack.unpack(TaskerCore::Native.call(handle, request.to_msgpack, false)).drop(1))
      bytes = request.to_msgpack
      calm = TaskerCore::Native.call(handle, bytes, false)
      GC.stress = true
      stressed = Array.new(6) { |n| TaskerCore::Native.call(handle, bytes, n.odd?) }
      GC.stress = false

      expect(stressed.uniq).to eq([calm])
      expect(MessagePack.unpack(calm)).to start_with(0)
    ensure
      GC.stress = false
    end

    it 'answers the same while objects are moved', if: GC.respond_to?(:compact) do
      calm = answers
      GC.auto_compact = true
      moved = Array.new(5) { GC.compact && answers }

      expect(moved.uniq).to eq([calm])
    ensure
      GC.auto_compact = false
    end
  end
end
