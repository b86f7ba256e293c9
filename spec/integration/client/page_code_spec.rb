# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/collector'

# The Ruby in the pages runs, on a task of the database instead of task 42 of the database shop.
RSpec.describe 'the Ruby in the pages', database: :committed do
  let(:flow) { Rows.workflow(steps: [{ state: 'complete', attempts: 1 }], state: 'complete') }

  # Runs the block of a page that has a text, and gives what its last line gives.
  def run(page, text, scope = TOPLEVEL_BINDING.dup, **words)
    blocks = File.read(File.expand_path("../../../docs/#{page}", __dir__)).scan(/^```ruby\n(.*?)^```$/m).flatten
    code = blocks.find { |block| block.include?(text) } || raise("docs/#{page} has no block with #{text}")
    words = { 'postgresql://localhost/shop' => Database.url, '42' => flow.task_id.to_s, **words.transform_keys(&:to_s) }
    scope.eval(code.gsub(/\b(?:#{Regexp.union(words.keys)})\b/, words), page)
  end

  it 'draws a task (DRAWING.md)' do
    expect(run('DRAWING.md', 'TaskerCore.draw')).to start_with('<svg')
  end

  it 'watches a task (WATCHING.md)' do
    progress = nil
    expect { expect { progress = run('WATCHING.md', 'TaskerCore.watch') }.to output(/1 of 1 steps done/).to_stdout }
      .to output(/1 of 1 steps done/).to_stderr
    expect(progress).to be_a(TaskerCore::TaskProgress)
  end

  it 'verifies (VERIFYING.md)' do
    flow
    expect { run('VERIFYING.md', 'TaskerCore.verify') }.to output(/\ASafe to go active: .* on 1 of 1 tasks/).to_stdout
  end

  it 'executes an external step (WORKER.md)' do
    TaskerCore.open(database_url: Database.url) do |client|
      steps = [{ name: 'extract' }, { name: 'score', depends_on: ['extract'] }]
      made = client.create_task('sales_report', namespace: 'etl', context: { day: '1' }, steps:)
      names = [{ namespace: 'etl', task: 'sales_report', step: 'extract' }]
      extract = client.claim_ready_steps(names, start_tasks: true).first
      client.complete_claim(extract, results: { rows: [1, 2] })
      run('WORKER.md', 'claim_ready_steps')
      expect(client.current_step_state(made.step_ids['score'])).to eq('complete')
      expect(Tasker::WorkflowStep.find(made.step_ids['score']).results).to eq('score' => 3)
    end
  end

  # On the bus of a client, whose end is the subscriptions' too.
  it 'subscribes and publishes (EVENTS.md)' do
    got = Collector.new
    TaskerCore.open(database_url: Database.url) do |client|
      client.subscribe('order.*') { |event| got << event }
      run('EVENTS.md', 'TaskerCore.publish_events', binding, TaskerCore: 'client')
      expect(got.first(3).map(&:name)).to eq(%w[order.paid order.paid order.sent])
    end
  end

  it 'carries events without Rails (EVENTS.md)' do
    expect { run('EVENTS.md', 'TaskerCore.open') }.not_to raise_error
  end
end
