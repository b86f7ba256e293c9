# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# A Go runtime dies in a forked child. A child of a process that has loaded the
# library gets a private copy of it, and its children theirs.
RSpec.describe 'forked children', database: :committed, timeout: 120 do
  let!(:diamond) { Rows.workflow(steps: 4, edges: [[1, 2], [1, 3], [2, 4], [3, 4]]) }

  before { TaskerCore::Core.current.call('ping', {}) }

  def answer
    client = TaskerCore.on(ActiveRecord::Base.connection)
    [TaskerCore.implementation, client.viable_steps(diamond.task_id), client.dependency_levels(diamond.task_id).size]
  end

  let(:right) { [:native, [diamond[1]], 4] }

  it 'answer natively' do
    expect(Children.fork_and_wait { answer }).to eq(right)
  end

  it 'leave their parent as it was' do
    Children.fork_and_wait { answer }

    expect(answer).to eq(right)
  end

  # The library's files that this process has mapped, by their inodes.
  def mapped = File.foreach('/proc/self/maps').grep(/tasker_core_native/).map { |line| line.split[4] }.uniq

  it 'have a core and a library of their own' do
    parents = mapped
    childs = Children.fork_and_wait do
      opened = TaskerCore::Core.current
      [opened.call('ping', {}), opened.pid == Process.pid, TaskerCore::Native.process == Process.pid,
       (mapped - parents).size]
    end

    expect(parents.size).to eq(1)
    expect(childs).to eq(['pong', true, true, 1])
  end

  it 'leave no copy of the library behind' do
    copies = -> { Dir[File.join(Dir.tmpdir, 'tasker_core*')].select { |path| File.owned?(path) } }
    before = copies.call
    Children.fork_and_wait { answer }

    expect(copies.call - before).to eq([])
  end

  it 'answer natively down to the third generation' do
    generations = Children.fork_and_wait do
      [answer, Children.fork_and_wait { [answer, Children.fork_and_wait { answer }] }]
    end

    expect(generations).to eq([right, [right, right]])
  end

  it 'answer where only a grandparent had the library' do
    expect(Children.fork_and_wait { Children.fork_and_wait { answer } }).to eq(right)
  end

  it 'answer 20 at once, through garbage collections of both languages' do
    children = Array.new(20) do
      Children.start do
        client = TaskerCore.on(ActiveRecord::Base.connection)
        Array.new(2) do
          client.step_readiness_batch((100_000..110_000).to_a)
          GC.start
          answer
        end.uniq
      end
    end

    expect(children.map { |child| Children.finish(*child, seconds: 60) }).to eq(Array.new(20) { [right] })
  end

  it 'answer from threads' do
    threads = Children.fork_and_wait do
      Array.new(8) { Thread.new { ActiveRecord::Base.connection_pool.with_connection { answer } } }.map(&:value).uniq
    end

    expect(threads).to eq([right])
  end

  it 'open a core of their own behind what the parent opened, and do not hang' do
    parents = TaskerCore::Core.current
    answered = Children.fork_and_wait(seconds: 10) { [parents.call('ping', {}), parents.pid == Process.pid] }

    expect(answered).to eq(['pong', true])
  end

  it 'run in Ruby where that is asked for' do
    reason = Children.fork_and_wait do
      ENV['TASKER_CORE_IMPLEMENTATION'] = 'ruby'
      [TaskerCore.implementation, TaskerCore.unavailable_reason]
    end

    expect(reason).to eq([:ruby, 'TASKER_CORE_IMPLEMENTATION=ruby is set'])
  end

  it 'keep their own connections after a daemon turn' do
    daemons = Children.fork_and_wait do
      Children.fork_and_wait do
        Process.setsid
        answer
      end
    end

    expect(daemons).to eq(right)
  end
end
