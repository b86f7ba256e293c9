# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# Runs as the application opens them, over both drivers.
RSpec.describe TaskerCore::Session, database: :committed do
  clients = {
    'an Active Record connection' => -> { TaskerCore.on(Database.connection) },
    'connections of the core' => -> { TaskerCore.open(database_url: Database.url, pool_max_connections: 8) }
  }
  diamond = [[1, 2], [1, 3], [2, 4], [3, 4]]

  def step(id) = Tasker::WorkflowStep.find(id)

  def audit(id)
    Tasker::WorkflowStepTransition.where(workflow_step_id: id).order(:sort_key)
                                  .pluck(:to_state, :sort_key, :most_recent)
  end

  clients.each do |what, open|
    context "over #{what}" do
      let(:client) { open.call }
      let(:flow) { Rows.workflow(steps: 4, edges: diamond, state: 'in_progress') }
      let(:session) { client.open_session(flow.task_id) }

      after do
        session.close
        client.close if client.respond_to?(:close)
      end

      it 'runs a task from its first step to its last' do
        order = []
        until (batch = session.next).empty?
          order << batch.ready.map { |id| flow.step_ids.index(id) + 1 }
          batch.ready.each do |id|
            expect(session.claim(id)).to be_allowed
            expect(session.complete(id, results: { 'at' => order.size })).to be_written
          end
        end

        expect(order).to eq([[1], [2, 3], [4]])
        expect(session.context.to_h).to eq(client.task_execution_context(flow.task_id).to_h)
        expect(session.context).to have_attributes(execution_status: 'all_complete', completed_steps: 4)
        expect(client.transition_task!(flow.task_id, to: :complete)).to be_written
      end

      it 'outlives its views, which the garbage collector takes' do
        100.times { session.on(TaskerCore::HostConnection.new(Database.connection)) }
        3.times { GC.start }

        expect(session.next.ready).to eq([flow[1]])
      end

      it 'is counted, and the core gives a sign of life' do
        before = client.session_stats
        session.claim(flow[1])

        expect(client.session_stats).to include(sessions_opened: before[:sessions_opened] + 1,
                                                claims: before[:claims] + 1)
        expect([client.ping, client.ping(database: false)]).to eq(%w[pong pong])
      end

      it 'writes what the engine writes for a step that has ended' do
        before = Rows.now
        session.claim(flow[1])
        ended = session.complete(flow[1], results: { 'text' => "ä'\"\\" })

        expect(ended.to_a).to eq([flow[1], 'allowed', '', 'in_progress', 'complete', ended.transition_id, 20, nil])
        expect(step(flow[1])).to have_attributes(attempts: 1, processed: true, in_process: false,
                                                 results: { 'text' => "ä'\"\\" })
        expect([step(flow[1]).last_attempted_at, step(flow[1]).processed_at]).to all(be >= before)
        expect(audit(flow[1])).to eq([['in_progress', 10, false], ['complete', 20, true]])
      end

      it 'keeps the results that a step has where none are given' do
        Tasker::WorkflowStep.where(workflow_step_id: flow[1]).update_all(results: { 'kept' => 1 })
        session.claim(flow[1])
        session.complete(flow[1])
        expect(step(flow[1]).results).to eq('kept' => 1)
      end

      it 'fails a step, waits for it, and retries it' do
        session.claim(flow[1])
        session.fail(flow[1], error: ArgumentError.new('no such order'), results: { 'order' => 7 }, retry_after: 1)

        expect(step(flow[1])).to have_attributes(attempts: 1, processed: false, in_process: false, processed_at: nil,
                                                 backoff_request_seconds: 1)
        expect(step(flow[1]).results).to eq('order' => 7, 'error' => 'no such order', 'error_class' => 'ArgumentError',
                                            'backtrace' => '')
        expect(session.next).to be_empty
        sleep 0.05 until (batch = session.next).retry.any?
        expect(batch).to have_attributes(ready: [], retry: [flow[1]], blocked: false)
        expect(session.retry(flow[1])).to be_written
        expect(session.claim(flow[1])).to be_allowed
        session.complete(flow[1])
        expect(step(flow[1]).attempts).to eq(2)
        expect(session.next.ready).to eq([flow[2], flow[3]])
      end

      it 'is blocked by a step that has no attempt left' do
        Tasker::WorkflowStep.where(workflow_step_id: flow[1]).update_all(retry_limit: 1)
        session.claim(flow[1])
        session.fail(flow[1], error: 'gone', retryable: false)

        expect(step(flow[1])).to have_attributes(results: { 'error' => 'gone' }, retryable: false)
        expect(session.next).to have_attributes(ready: [], retry: [], blocked: true)
        expect(session.context.execution_status).to eq('blocked_by_failures')
      end

      it 'is refused what another process took, and reads anew' do
        other = client.open_session(flow.task_id)
        expect(session.next.ready).to eq([flow[1]])
        expect(other.claim(flow[1])).to be_allowed

        expect(session.claim(flow[1])).to have_attributes(code: 'transition_failed', token: 0, message: /#{flow[1]}/)
        expect(session.next).to be_empty
        expect(session.step_states.fetch(flow[1])).to eq('in_progress')
      ensure
        other&.close
      end

      it 'says why a step cannot be claimed' do
        codes = { flow[4] => 'guard_failed' }
        Tasker::WorkflowStep.where(workflow_step_id: flow[1]).update_all(attempts: 3)
        codes[flow[1]] = 'not_eligible'
        expect(codes.keys.to_h { |id| [id, session.claim(id).code] }).to eq(codes)
        client.transition_task!(flow.task_id, to: :cancelled)
        expect(session.claim(flow[1]).code).to eq('task_closed')
        expect { session.claim(0) }.to raise_error(TaskerCore::NotFound)
      end

      it 'writes no result of a claim that was taken away' do
        session.claim(flow[1])
        client.transition_step!(flow[1], to: :cancelled)

        expect(session.complete(flow[1], results: { 'late' => true }))
          .to have_attributes(code: 'conflict', transition_id: 0)
        expect(step(flow[1])).to have_attributes(attempts: 0, results: nil, processed: false)
        expect(session.complete(flow[2]).code).to eq('conflict')
      end

      it 'tells which steps others have changed' do
        session
        client.transition_step!(flow[1], to: :in_progress)
        client.transition_step!(flow[1], to: :complete)
        Tasker::WorkflowStep.where(workflow_step_id: flow[2]).update_all(inputs: { 'sum' => 3 })

        expect(session.refresh).to eq([flow[1], flow[2]])
        expect(session.step_states.values).to eq(%w[complete pending pending pending])
        expect(session.next.ready).to eq([flow[2], flow[3]])
      end

      it 'survives a write that the database refuses, and knows what stands' do
        session.claim(flow[1])
        expect { session.complete(flow[1], results: { 'zero' => "\u0000" }) }.to raise_error(TaskerCore::DatabaseError)
        expect(audit(flow[1])).to eq([['in_progress', 10, true]])
        expect(session.complete(flow[1])).to be_written
        expect(session.next.ready).to eq([flow[2], flow[3]])
      end

      it 'is closed by its block, and answers no more then' do
        kept = nil
        expect(client.open_session(flow.task_id) { |session| (kept = session).next.ready }).to eq([flow[1]])
        expect(kept).to be_closed
        expect { kept.next }.to raise_error(TaskerCore::SessionError, /task #{flow.task_id} is closed/)
        expect(kept.close).to be_nil
      end

      it 'refuses a task that is not there, one in a circle, and what is no id', :wrong_types do
        circle = Rows.workflow(steps: 2, edges: [[1, 2], [2, 1]])
        expect { client.open_session(0) }.to raise_error(TaskerCore::NotFound)
        expect { client.open_session(circle.task_id) }.to raise_error(TaskerCore::CycleError)
        ['one', 2**63, nil].each do |wrong|
          expect { client.open_session(wrong) }.to raise_error(TaskerCore::InvalidArgument)
          expect { session.claim(wrong) }.to raise_error(TaskerCore::InvalidArgument)
        end
      end
    end
  end

  describe 'over connections of the core' do
    let(:client) { TaskerCore.open(database_url: Database.url, max_sessions: 2) }

    after { client.close }

    it 'lets many threads work off one session, each step once' do
      flow = Rows.workflow(steps: 40, edges: (2..40).map { |n| [n / 2, n] }, state: 'in_progress')
      ran = Queue.new
      client.open_session(flow.task_id) do |session|
        Array.new(8) do
          Thread.new do
            until session.context.execution_status == 'all_complete'
              session.next.ready.each { |id| session.claim(id).allowed? && session.complete(id).written? && ran << id }
            end
          end
        end.each(&:join)
      end
      expect(Array.new(ran.size) { ran.pop }.sort).to eq(flow.step_ids)
      expect(Tasker::WorkflowStep.where(task_id: flow.task_id).pluck(:attempts).uniq).to eq([1])
    end

    it 'opens no more sessions than allowed' do
      task = Rows.task
      open = Array.new(2) { client.open_session(task) }
      expect { client.open_session(task) }.to raise_error(TaskerCore::SessionError, /max_sessions/)
      open.first.close
      expect(client.open_session(task).next).to be_empty
    end

    it "does not take another process's session for its own" do
      task = Rows.workflow(steps: 1).task_id
      session = client.open_session(task)
      reader, writer = IO.pipe
      pid = fork do
        client.open_session(task)
        session.next
      rescue TaskerCore::SessionError => e
        writer.write(e.message)
      ensure
        exit!
      end
      writer.close
      expect(reader.read).to include("another process's")
      Process.wait(pid)
    end
  end

  it 'follows a rollback of the transaction around it when it is refreshed' do
    flow = Rows.workflow(steps: 2, edges: [[1, 2]], state: 'in_progress')
    session = TaskerCore.on(Database.connection).open_session(flow.task_id)
    Database.connection.transaction do
      session.claim(flow[1])
      session.complete(flow[1])
      raise ActiveRecord::Rollback
    end
    expect(session.next.ready).to eq([flow[2]])
    session.refresh
    expect(session.next.ready).to eq([flow[1]])
    expect(session.claim(flow[1])).to be_allowed
  ensure
    session&.close
  end
end
