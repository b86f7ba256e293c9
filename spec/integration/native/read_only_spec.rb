# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

# Whatever the core writes through Active Record, Active Record may prevent.
RSpec.describe 'read-only guards', :orchestration, database: :committed do
  let(:connection) { Database.connection }
  let(:client) { TaskerCore.on(connection) }
  let(:worked) { Rows.workflow(steps: [{ state: 'complete' }, {}, {}], edges: [[1, 2], [2, 3]], state: 'in_progress') }
  let(:stuck) do
    step = { state: 'in_progress', state_ago: 7200, in_process: true }
    Rows.workflow(steps: [step], state: 'in_progress').tap do |made|
      Tasker::TaskTransition.where(task_id: made.task_id).update_all("created_at = created_at - interval '2 hours'")
    end
  end
  let(:external) { Scripted.task({ 'score' => [] }, external: ['score']).tap { |task| Scripted.handle(task) } }
  let(:handlers) { [{ task: external.name, step: 'score' }] }

  guards = {
    'while_preventing_writes' => ->(&block) { ActiveRecord::Base.while_preventing_writes(&block) },
    'connected_to(prevent_writes: true)' => lambda { |&block|
      ActiveRecord::Base.connected_to(role: :writing, prevent_writes: true, &block)
    },
    'a replica' => lambda { |&block|
      config = Tasker::ApplicationRecord.connection.instance_variable_get(:@config)
      begin
        config[:replica] = true
        block.call
      ensure
        config.delete(:replica)
      end
    }
  }

  # Each is [what has to be there before, the write].
  operations = {
    'transition_step' => [-> { worked }, -> { client.transition_step(worked[2], to: :in_progress) }],
    'transition_step!' => [-> { worked }, -> { client.transition_step!(worked[2], to: :in_progress) }],
    'transition_steps' => [-> { worked }, -> { client.transition_steps([worked[2], worked[3]], to: :cancelled) }],
    'transition_task' => [-> { worked }, -> { client.transition_task(worked.task_id, to: :cancelled) }],
    'a session that claims' => [-> { worked }, -> { client.open_session(worked.task_id) { |s| s.claim(worked[2]) } }],
    'a session that completes' => [
      -> { @session = client.open_session(worked.task_id).tap { |s| s.claim(worked[2]) } },
      -> { @session.complete(worked[2], results: {}) }
    ],
    'a session that fails' => [
      -> { @session = client.open_session(worked.task_id).tap { |s| s.claim(worked[2]) } },
      -> { @session.fail(worked[2], error: 'why') }
    ],
    'a session that retries' => [
      lambda {
        @session = client.open_session(worked.task_id).tap { |s| s.claim(worked[2]) && s.fail(worked[2], error: 'why') }
      },
      -> { @session.retry(worked[2]) }
    ],
    'claim_ready_steps' => [-> { external }, -> { client.claim_ready_steps(handlers) }],
    'complete_claim' => [-> { @claim = client.claim_ready_steps(handlers)[0] }, -> { client.complete_claim(@claim) }],
    'fail_claim' => [
      -> { @claim = client.claim_ready_steps(handlers)[0] }, -> { client.fail_claim(@claim, error: 'why') }
    ],
    'renew_claims' => [-> { @claim = client.claim_ready_steps(handlers)[0] }, -> { client.renew_claims([@claim]) }],
    'begin_claim' => [
      -> { @claim = client.claim_ready_steps(handlers)[0] }, -> { client.begin_claim(@claim, runner: 'a') }
    ],
    'finalize_task' => [
      -> { Tasker::WorkflowStepTransition.where(workflow_step_id: worked.step_ids).delete_all && finish_all(worked) },
      -> { client.finalize_task(worked.task_id) }
    ],
    'reset_stuck of a client' => [-> { stuck }, -> { client.reset_stuck(older_than: 3600) }],
    'reset_stuck_steps' => [-> { stuck }, -> { client.reset_stuck_steps(older_than: 3600) }],
    'TaskerCore.reset_stuck' => [-> { stuck }, -> { TaskerCore.reset_stuck(older_than: 3600) }],
    "a step's machine" => [
      -> { worked }, -> { Tasker::WorkflowStep.find(worked[2]).state_machine.transition_to!('in_progress') }
    ],
    "a task's machine" => [
      -> { worked }, -> { Tasker::Task.find(worked.task_id).state_machine.transition_to!('cancelled') }
    ],
    'parking' => [
      -> { external },
      lambda {
        Tasker::TaskTransition.where(task_id: external.task_id).update_all("metadata = '{}'") unless @unmarked
        TaskerCore::Engine::Runner::ExternalWait.new(Tasker::Task.find(external.task_id)).start
      }
    ],
    'waking a task that waits for external steps' => [
      -> { complete_elsewhere },
      -> { TaskerCore::Engine::Runner::ExternalWait.wake(external.task_id) }
    ]
  }

  # The steps of a workflow are complete, its task is not.
  def finish_all(flow)
    flow.step_ids.each { |id| %i[in_progress complete].each { |to| client.transition_step!(id, to:) } }
  end

  def complete_elsewhere
    TaskerCore.open(database_url: Database.url) do |worker|
      worker.complete_claim(worker.claim_ready_steps(handlers).first)
    end
  end

  # Everything that a write could have changed.
  def rows
    %w[tasker_tasks tasker_workflow_steps tasker_task_transitions tasker_workflow_step_transitions].map do |table|
      connection.select_value("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM #{table} t")
    end
  end

  guards.each do |guard, prevent|
    describe guard do
      operations.each do |operation, (prepare, write)|
        it "keeps #{operation} from writing" do
          instance_exec(&prepare)
          before = rows
          jobs.clear
          expect { prevent.call { instance_exec(&write) } }.to raise_error(ActiveRecord::ReadOnlyError)
          expect(rows).to eq(before)
          expect(jobs).to be_empty
          # Without the guard it is a write.
          instance_exec(&write)
          expect(rows).not_to eq(before)
        end
      end

      it 'keeps a run from its first handler' do
        ran = Queue.new
        task = Scripted.task({ 'one' => [] }, { 'one' => ->(*) { ran.push(true).then { {} } } })
        before = rows
        expect { prevent.call { Scripted.handle(task) } }.to raise_error(ActiveRecord::ReadOnlyError)
        expect(rows).to eq(before)
        # Also where the task was started before.
        Tasker::Task.find(task.task_id).state_machine.transition_to!('in_progress')
        before = rows
        expect { prevent.call { Scripted.resume(task) } }.to raise_error(ActiveRecord::ReadOnlyError)
        expect([rows, ran.size]).to eq([before, 0])
        Scripted.resume(task)
        expect(ran.size).to eq(1)
      end

      it 'lets reads through' do
        worked
        prevent.call do
          expect(client.viable_steps(worked.task_id)).to eq([worked[2]])
          expect(client.step_readiness(worked.task_id).size).to eq(3)
          expect(client.open_session(worked.task_id) { |session| session.next.ready }).to eq([worked[2]])
          expect(client.current_task_state(worked.task_id)).to eq('in_progress')
          expect(client.stuck_steps(older_than: 3600)).to eq([])
          expect(Tasker::WorkflowStep.find(worked[2]).state_machine.current_state).to eq('pending')
        end
      end

      it 'answers as the engine does for a transition that is refused, and for the forms that raise nothing' do
        machine = -> { Tasker::WorkflowStep.find(worked[3]).state_machine }
        worked
        prevent.call do
          expect { machine.call.transition_to!('in_progress') }.to raise_error(Statesman::GuardFailedError)
          expect { machine.call.transition_to!('complete') }.to raise_error(Statesman::TransitionFailedError)
          expect(machine.call.transition_to('in_progress')).to be(false)
        end
      end
    end
  end

  it 'leaves a session as good as it was' do
    client.open_session(worked.task_id) do |session|
      expect { ActiveRecord::Base.while_preventing_writes { session.claim(worked[2]) } }
        .to raise_error(ActiveRecord::ReadOnlyError)
      expect(session.next.ready).to eq([worked[2]])
      expect(session.claim(worked[2])).to be_allowed
      expect { ActiveRecord::Base.while_preventing_writes { session.complete(worked[2]) } }
        .to raise_error(ActiveRecord::ReadOnlyError)
      expect(session.complete(worked[2])).to be_written
    end
  end

  it 'keeps install_schema from writing' do
    Database.empty do |connection|
      expect { ActiveRecord::Base.while_preventing_writes { TaskerCore.on(connection).install_schema } }
        .to raise_error(ActiveRecord::ReadOnlyError)
      expect(connection.tables).to be_empty
    end
  end

  it 'leaves the core to others' do
    worked
    ActiveRecord::Base.while_preventing_writes do
      expect { client.transition_step(worked[2], to: :in_progress) }.to raise_error(ActiveRecord::ReadOnlyError)
    end
    expect(TaskerCore::Reporting.counts).to eq({})
    expect(client.transition_step(worked[2], to: :in_progress).code).to eq('allowed')
  end
end
