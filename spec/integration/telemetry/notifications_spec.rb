# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

RSpec.describe TaskerCore::Notifications, :orchestration, database: :committed do
  # What a block notifies of: [name, payload].
  def notified(pattern = /\.tasker_core\z/, &)
    seen = []
    mutex = Mutex.new
    listener = ->(event) { mutex.synchronize { seen << [event.name, event.payload] } }
    ActiveSupport::Notifications.subscribed(listener, pattern, &)
    seen
  end

  after do
    TaskerCore.configure { |c| c.log_subscriber = false }
    ActiveSupport::LogSubscriber.logger = nil
  end

  it 'tells of a run: its session, claims and completions' do
    task = Scripted.task({ 'a' => [], 'b' => ['a'] }, { 'b' => ->(*) { raise 'boom' } }, retry_limit: 1)
    seen = notified { Scripted.handle(task) }
    ids = steps(task).transform_values(&:workflow_step_id)
    task_id = task.task_id

    expect(seen.select { |name, _| name.match?(/\A(session|claim|complete)\./) }).to eq(
      [['session.tasker_core', { operation: 'open_session', task_id: }],
       ['claim.tasker_core', { operation: 'session_claim', task_id:, step_id: ids['a'], code: 'allowed' }],
       ['complete.tasker_core',
        { operation: 'session_finish', task_id:, step_id: ids['a'], to: 'complete', code: 'allowed' }],
       ['claim.tasker_core', { operation: 'session_claim', task_id:, step_id: ids['b'], code: 'allowed' }],
       ['complete.tasker_core',
        { operation: 'session_finish', task_id:, step_id: ids['b'], to: 'error', code: 'allowed' }]]
    )
    expect(seen.to_h['operation.tasker_core']).to include(:operation)
  end

  it 'tells of transitions, refused ones too, and of errors' do
    task = Scripted.task({ 'a' => [] })
    step_id = step(task, 'a').workflow_step_id
    client = TaskerCore.on(ActiveRecord::Base.connection)
    seen = notified(/\A(transition|operation)\.tasker_core\z/) do
      client.transition_step(step_id, to: 'in_progress')
      client.transition_task(task.task_id, to: 'complete')
      client.step_readiness_batch('x') rescue nil # rubocop:disable Style/RescueModifier
      client.step_dag(task.task_id)
    end

    expect(seen).to include(
      ['transition.tasker_core', { operation: 'transition_step', step_id:, to: 'in_progress', code: 'allowed' }],
      ['transition.tasker_core',
       { operation: 'transition_task', task_id: task.task_id, to: 'complete', code: 'transition_failed' }],
      ['operation.tasker_core', { operation: 'step_dag', task_id: task.task_id }]
    )
  end

  it 'tells of reports under the name of their kind' do
    report = TaskerCore::Report.new(kind: :failover, capability: :orchestration, operation: 'X#y', message: 'm',
                                    details: { error: 1 })
    seen = notified do
      TaskerCore::Reporting.report(report, once: 1)
      TaskerCore::Reporting.report(report.with(kind: :difference))
    end

    payload = { capability: :orchestration, operation: 'X#y', message: 'm', details: { error: 1 } }
    expect(seen).to eq([['failover.tasker_core', payload], ['shadow_difference.tasker_core', payload]])
  end

  it 'builds nothing while nobody listens' do
    allow(ActiveSupport::Notifications).to receive(:instrument).and_call_original
    TaskerCore.on(ActiveRecord::Base.connection).step_dag(1)
    expect(ActiveSupport::Notifications).not_to have_received(:instrument).with(/tasker_core\z/, any_args)
  end

  it 'is logged by the log subscriber, where that is switched on' do
    log = StringIO.new
    ActiveSupport::LogSubscriber.logger = Logger.new(log)
    task = Scripted.task({ 'a' => [] })
    TaskerCore.configure { |c| c.log_subscriber = true }
    Scripted.handle(task)
    TaskerCore.configure { |c| c.log_subscriber = false }
    before = log.string.lines.size
    TaskerCore.on(ActiveRecord::Base.connection).transition_task(task.task_id, to: 'cancelled')

    id = step(task, 'a').workflow_step_id
    expect(log.string).to match(/TaskerCore session \([\d.]+ms\) task #{task.task_id}$/)
      .and match(/TaskerCore claim \([\d.]+ms\) task #{task.task_id} step #{id}: allowed$/)
      .and match(/TaskerCore complete \([\d.]+ms\) task #{task.task_id} step #{id} to complete: allowed$/)
    expect(log.string.lines.size).to eq(before)
  end
end
