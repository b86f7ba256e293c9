# frozen_string_literal: true

require_relative 'parity_helper'

# A template in the engine's YAML, validated and built by the engine itself, whose
# middle step names an executor outside of Rails.
RSpec.describe 'external steps' do
  template = YAML.safe_load(<<~YAML)
    name: external_parity
    namespace_name: parity
    version: 1.2.0
    task_handler_class: ExternalParityHandler
    default_dependent_system: spec
    step_templates:
      - name: extract
        handler_class: ExternalParityStep
      - name: score
        depends_on_step: extract
        handler_class: TaskerCore::ExternalStepHandler
        handler_config:
          executor: python
      - name: load
        depends_on_step: score
        handler_class: ExternalParityStep
  YAML

  around do |example|
    ActiveJob::Base.queue_adapter = :test
    pool = ActiveRecord::Base.connection_pool
    pool.pin_connection!(true)
    example.run
  ensure
    pool.unpin_connection!
    TaskerCore.configure { |c| c.state_transitions = c.orchestration = :off }
  end

  before do
    stub_const('ExternalParityStep', Class.new(Tasker::StepHandler::Base) do
      def process(_task, sequence, step)
        { 'step' => step.name, 'score' => sequence.find_step_by_name('score')&.results&.dig('score') }
      end
    end)
    Tasker::TaskBuilder.new(config: template) unless Object.const_defined?(:ExternalParityHandler)
  end

  def switch(value) = TaskerCore.configure do |c|
                        c.dependency_resolution = c.state_transitions = c.orchestration = value
                      end

  let(:handler) { Tasker::HandlerFactory.instance.get('external_parity', namespace_name: 'parity', version: '1.2.0') }
  let(:worker) { TaskerCore.on(Tasker::ApplicationRecord.connection) }
  let(:task) do
    handler.initialize_task!(Tasker::Types::TaskRequest.new(
                               name: 'external_parity', namespace: 'parity', version: '1.2.0', initiator: 'spec',
                               source_system: 'spec', reason: 'spec', context: { 'unique' => SecureRandom.hex(6) }
                             ))
  end

  def states = Tasker::WorkflowStep.where(task_id: task.task_id).to_h { |step| [step.name, step.status] }

  def jobs = ActiveJob::Base.queue_adapter.enqueued_jobs

  it 'are executed between two runs of the engine' do
    switch(:active)
    Timeout.timeout(60) { handler.handle(Tasker::Task.find(task.task_id)) }
    expect(states).to eq('extract' => 'complete', 'score' => 'pending', 'load' => 'pending')

    claimed = worker.claim_ready_steps([{ namespace: 'parity', task: 'external_parity', step: 'score' }])
    expect(claimed.map(&:version)).to eq(['1.2.0'])
    expect(worker.complete_claim(claimed.first, results: { 'score' => 7 })).to be_written
    jobs.clear
    expect(TaskerCore::Listener.new.wake([task.task_id])).to eq([task.task_id])
    expect(jobs.size).to eq(1)
    Tasker::TaskRunnerJob.perform_now(task.task_id)

    expect(states.values.uniq).to eq(['complete'])
    finished = Tasker::Task.find(task.task_id)
    expect([finished.status, finished.complete]).to eq(['complete', true])
    load_step = Tasker::WorkflowStep.where(task_id: task.task_id).find { |step| step.name == 'load' }
    expect(load_step.results).to eq('step' => 'load', 'score' => 7)
  end

  it "are left with a clear error by the engine's own loop" do
    switch(:off)
    Tasker::WorkflowStep.where(task_id: task.task_id).update_all(retry_limit: 1)
    Timeout.timeout(60) { handler.handle(Tasker::Task.find(task.task_id)) }

    score = Tasker::WorkflowStep.where(task_id: task.task_id).find { |step| step.name == 'score' }
    expect(score.status).to eq('error')
    expect(score.results['error']).to match(/outside of Rails. This needs orchestration = :active/)
  end
end
