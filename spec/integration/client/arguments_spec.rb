# frozen_string_literal: true

require_relative '../../spec_helper'

# What each kind of argument takes: the same table is run by Go (wire/judged_test.go) and by
# Python (test_arguments.py).
RSpec.describe 'arguments', database: :committed do
  cases = JSON.parse(File.read(File.expand_path('../../fixtures/arguments.json', __dir__)))
  step = [{ name: 'extract' }]
  claimed = TaskerCore::ClaimedStep.new({}, '1', 1, 1, 1, 0, 3, {}, {}, {}, {})
  asked = {
    %w[viable_steps task_id] => ->(client, value) { client.viable_steps(value) },
    %w[step_readiness_batch task_ids] => ->(client, value) { client.step_readiness_batch(value) },
    %w[viable_steps must_exist] => ->(client, value) { client.viable_steps(1, must_exist: value) },
    %w[slowest_steps limit] => ->(client, value) { client.slowest_steps(limit: value) },
    %w[claim_ready_steps limit] => ->(client, value) { client.claim_ready_steps([], limit: value) },
    %w[slowest_steps namespace] => ->(client, value) { client.slowest_steps(namespace: value) },
    %w[transition_step to] => ->(client, value) { client.transition_step(1, to: value) },
    %w[draw format] => ->(client, value) { client.draw(1, format: value) },
    %w[create_task tags] => ->(client, value) { client.create_task('t', steps: step, context: { a: 1 }, tags: value) },
    %w[stuck_steps older_than] => ->(client, value) { client.stuck_steps(older_than: value) },
    %w[await_steps timeout] => ->(client, value) { client.await_steps(timeout: value) },
    %w[finish_claim retry_after] => lambda do |client, value|
      client.fail_claim(claimed, error: 'down', retry_after: value)
    end
  }

  around do |example|
    TaskerCore.open(database_url: Database.url) do |client|
      @client = client
      example.run
    end
  end

  # @return [Boolean] whether the argument was taken, whatever became of the call
  def taken?(ask, value)
    ask.call(@client, value)
    true
  rescue TaskerCore::InvalidArgument => e
    # The step of the claim is not there: that is not said of the argument.
    e.message.match?(/is not a step of task/)
  rescue TaskerCore::NotFound, TaskerCore::ConflictError
    true
  end

  cases.each do |one|
    it "has #{one['kind']}: #{one['argument']} of #{one['operation']}" do
      ask = asked.fetch(one.values_at('operation', 'argument'))

      expect(one['takes'].reject { |value| taken?(ask, value) }).to eq([])
      expect(one['refuses'].select { |value| taken?(ask, value) }).to eq([])
    end
  end
end
