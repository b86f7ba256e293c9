# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/transition_model'

# Transitions through the host driver: TaskerCore::Client on the application's own
# connection.
RSpec.describe 'transitions', :database do
  let(:connection) { Database.connection }
  let(:client) { TaskerCore.on(connection) }
  let(:diamond) { Rows.workflow(steps: 4, edges: [[1, 2], [1, 3], [2, 4], [3, 4]]) }

  def audit(model, **owner)
    model.where(owner).order(:sort_key).map do |row|
      row.slice(*%w[from_state to_state sort_key most_recent metadata]).values
    end
  end

  def step_audit(id) = audit(Tasker::WorkflowStepTransition, workflow_step_id: id)
  def task_audit(id) = audit(Tasker::TaskTransition, task_id: id)

  vectors = JSON.parse(File.read(File.expand_path('../../fixtures/parity/state-machine-vectors.json', __dir__)))

  # The core's words for what the engine raised.
  def code_for(raised)
    { nil => 'allowed', 'Statesman::GuardFailedError' => 'guard_failed',
      'Statesman::TransitionFailedError' => 'transition_failed' }.fetch(raised)
  end

  def expect_recorded(result, answer, from, to)
    expect(result).to have_attributes(code: code_for(answer['raised']), from:, to:)
    if answer['raised']
      expect(result).to have_attributes(message: answer['message'], transition_id: 0)
    else
      # The engine publishes another event before a task's transition.
      expect(result.event).to eq(answer['events'].last)
    end
  end

  def expect_recorded_refusal(answer, &)
    return expect(yield.written?).to be(true) unless answer['raised']

    expect(&).to raise_error(TaskerCore::TransitionError, answer['message']) { |error|
      expect(error.code).to eq(code_for(answer['raised']))
    }
  end

  describe 'as recorded from the engine' do
    vectors['step'].each do |vector|
      from, to, parent = vector.values_at('from', 'to', 'parent')
      it "step #{from || 'without a row'} to #{to}, #{parent}" do
        parent_state = parent.delete_prefix('parent_')
        flow = Rows.workflow(steps: [{ state: parent_state }, { state: from }], edges: [[1, 2]])
        recorded = vector['transition_to!']
        expect_recorded(client.transition_step(flow[2], to:, metadata: { 'why' => 'vector' }), recorded,
                        from || 'pending', to)
        expect(step_audit(flow[2])).to eq(recorded['rows'])
        expect(client.current_step_state(flow[2])).to eq(recorded['status'])
        again = Rows.workflow(steps: [{ state: parent_state }, { state: from }], edges: [[1, 2]])
        expect_recorded_refusal(recorded) { client.transition_step!(again[2], to:) }
      end
    end

    vectors['task'].each do |vector|
      from, to, steps = vector.values_at('from', 'to', 'steps')
      it "task #{from || 'without a row'} to #{to}, #{steps}" do
        flow = Rows.workflow(steps: [{ state: ('complete' if steps == 'steps_complete') }], state: from)
        recorded = vector['transition_to!']
        expect_recorded(client.transition_task(flow.task_id, to:, metadata: { 'why' => 'vector' }), recorded,
                        from || 'pending', to)
        expect(task_audit(flow.task_id)).to eq(recorded['rows'])
        expect(client.current_task_state(flow.task_id)).to eq(recorded['status'])
        again = Rows.workflow(steps: [{ state: ('complete' if steps == 'steps_complete') }], state: from)
        expect_recorded_refusal(recorded) { client.transition_task!(again.task_id, to:) }
      end
    end
  end

  describe 'what is written' do
    it 'is one audit row, the old one cleared, both with the time of the host' do
      moment = Time.utc(2031, 2, 3, 4, 5, 6.789012r)
      allow(Time).to receive(:current).and_return(moment)
      flow = Rows.workflow(steps: [{ state: 'pending', history: 2 }])
      result = client.transition_step(flow[1], to: 'in_progress', metadata: { 'n' => 12_345_678_901_234_567_890 })
      rows = Tasker::WorkflowStepTransition.where(workflow_step_id: flow[1]).order(:sort_key)
      expect(rows.map(&:sort_key)).to eq([10, 20, 30, 40])
      expect(rows.map(&:most_recent)).to eq([false, false, false, true])
      expect(rows.last).to have_attributes(id: result.transition_id, created_at: moment, updated_at: moment)
      expect(rows[2]).to have_attributes(updated_at: moment)
      text = Tasker::WorkflowStepTransition.where(id: result.transition_id).pick(Arel.sql('metadata::text AS stored'))
      expect(text).to eq('{"n": 12345678901234567890}')
    end

    it 'follows rows whose sort keys an older machine wrote otherwise' do
      flow = Rows.workflow(steps: 1)
      Rows.insert(Tasker::WorkflowStepTransition, [{ workflow_step_id: flow[1], **Rows.audit('pending', 7) }])
      expect(client.transition_step(flow[1], to: 'in_progress').sort_key).to eq(17)
    end

    it 'takes a blank state for pending, as the engine does for steps' do
      flow = Rows.workflow(steps: [{ state: ' ' }])
      expect(client.transition_step(flow[1], to: 'cancelled')).to have_attributes(code: 'allowed', from: 'pending')
    end

    it 'is nothing for a state that no machine has, and says so' do
      result = client.transition_step(diamond[1], to: 'done')
      expect(result).to have_attributes(code: 'invalid_state', message: "Cannot transition from 'pending' to 'done'")
      expect(step_audit(diamond[1])).to eq([])
    end
  end

  it 'names a task or step that is not there' do
    aggregate_failures do
      expect { client.transition_step(-1, to: 'cancelled') }.to raise_error(TaskerCore::NotFound, /no step -1/)
      expect { client.transition_task(-1, to: 'cancelled') }.to raise_error(TaskerCore::NotFound, /no task -1/)
      expect(client.transition_steps([-1, -2], to: 'cancelled')).to eq([])
      expect(client.transition_steps([], to: 'cancelled')).to eq([])
      expect(client.current_step_state(-1)).to be_nil
      expect(client.current_task_state(-1)).to be_nil
    end
  end

  it 'refuses metadata that is no JSON object', :wrong_types do
    expect do
      client.transition_step(diamond[1], to: 'cancelled', metadata: [1])
    end.to raise_error(TaskerCore::InvalidArgument)
  end

  describe 'of many steps' do
    let(:flow) do
      Rows.workflow(steps: [{ state: 'in_progress' }, {}, { state: 'complete' }, { state: 'pending' }, {}],
                    edges: [[1, 5]])
    end

    it 'moves those that may, in the order of their ids, in one statement' do
      names = []
      counter = ->(*, payload) { names << payload[:name] if payload[:name].to_s.start_with?('TaskerCore') }
      results = ActiveSupport::Notifications.subscribed(counter, 'sql.active_record') do
        client.transition_steps([*flow.step_ids.reverse, -7, flow[1]], to: 'cancelled')
      end
      expect(names).to eq(['TaskerCore transition_step'])
      expect(results.map(&:id)).to eq(flow.step_ids)
      expect(results.map(&:code)).to eq(%w[allowed allowed transition_failed allowed allowed])
      expect(results.map(&:sort_key)).to eq([20, 10, 0, 20, 10])
      expect(flow.step_ids.map do |id|
               client.current_step_state(id)
             end).to eq(%w[cancelled cancelled complete cancelled cancelled])
    end

    it 'asks the guard of each' do
      results = client.transition_steps([flow[2], flow[5]], to: 'in_progress')
      expect(results.map(&:code)).to eq(%w[allowed guard_failed])
      expect(step_audit(flow[5])).to eq([])
    end
  end

  describe 'with the query cache on' do
    it 'writes a row for each of three equal transitions' do
      flow = Rows.workflow(steps: [{ state: 'error' }])
      Tasker::ApplicationRecord.cache do
        3.times do
          expect(client.transition_step(flow[1], to: 'pending')).to be_written
          expect(client.transition_step(flow[1], to: 'error')).to be_written
          expect(client.current_step_state(flow[1])).to eq('error')
        end
      end
      expect(step_audit(flow[1]).size).to eq(7)
    end

    it 'clears what Active Record had read before' do
      flow = Rows.workflow(steps: [{}])
      states = -> { Tasker::WorkflowStepTransition.where(workflow_step_id: flow[1]).pluck(:to_state) }
      Tasker::ApplicationRecord.cache do
        expect(states.call).to eq([])
        client.transition_step(flow[1], to: 'cancelled')
        expect(states.call).to eq(['cancelled'])
      end
    end
  end

  it 'says as the connection does that a transaction is aborted, and writes nothing' do
    connection.transaction(requires_new: true) do
      expect { connection.execute('SELECT 1 / 0') }.to raise_error(ActiveRecord::StatementInvalid)
      # The savepoint that surrounds the statement is refused already.
      expect do
        client.transition_step(diamond[1], to: 'cancelled')
      end.to raise_error(ActiveRecord::StatementInvalid) { |error|
               expect(error.cause).to be_a(PG::InFailedSqlTransaction)
             }
      raise ActiveRecord::Rollback
    end
    expect(client.current_step_state(diamond[1])).to eq('pending')
  end

  it 'takes back what a transaction or a savepoint takes back' do
    connection.transaction(requires_new: true) do
      client.transition_step!(diamond[1], to: 'in_progress')
      connection.transaction(requires_new: true) do
        client.transition_step!(diamond[1], to: 'complete')
        raise ActiveRecord::Rollback
      end
      expect(client.current_step_state(diamond[1])).to eq('in_progress')
      raise ActiveRecord::Rollback
    end
    expect(step_audit(diamond[1])).to eq([])
  end

  describe 'in random sequences' do
    def expect_the_models_rows(seed)
      model = TransitionModel.new(connection, seed)
      model.run(5)
      expect(model.differences).to eq([])
      expect(model.actual).to eq(model.expected)
    end

    (1..40).each do |seed|
      it("are as the model's in one transaction with savepoints, seed #{seed}") { expect_the_models_rows(seed) }
    end

    (101..110).each do |seed|
      it "are as the model's in transactions that commit, seed #{seed}", database: :committed do
        expect_the_models_rows(seed)
      end
    end
  end
end
