# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/children'

# Processes that are forked after the parent has run tasks itself.
RSpec.describe 'runs in forked processes', :orchestration, database: :committed, timeout: 120 do
  let(:graph) { { 'a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c] } }

  def run_one
    task = Scripted.task(graph, graph.transform_values { |_| ->(*) { { 'pid' => Process.pid } } })
    Scripted.handle(task)
    [task_state(task), steps(task).values.map { |step| step.results['pid'] }.uniq, session_stats['sessions_open']]
  end

  it 'work after the parent has run tasks' do
    run_one
    children = Array.new(3) do
      Children.start do
        Tasker::ApplicationRecord.connection_handler.clear_all_connections!
        [run_one, run_one, Process.pid]
      end
    end
    answers = children.map { |child| Children.finish(*child, seconds: 60) }

    answers.each { |first, second, pid| expect([first, second]).to eq([['complete', [pid], 0]] * 2) }
    expect(run_one).to eq(['complete', [Process.pid], 0])
  end

  it "do not touch the parent's open run" do
    answer = nil
    task = Scripted.task({ 'outer' => [] }, { 'outer' => lambda { |*|
      answer = Children.fork_and_wait(seconds: 60) { run_one.first }
      {}
    } })
    Scripted.handle(task)

    expect([answer, task_state(task)]).to eq(%w[complete complete])
  end
end
