# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/otlp_receiver'
require 'opentelemetry-sdk'

# A workflow whose handlers make spans of their own.
module Traced
  EXPORTER = OpenTelemetry::SDK::Trace::Export::InMemorySpanExporter.new
  TRACER = OpenTelemetry::SDK::Trace::TracerProvider.new.tap do |provider|
    provider.add_span_processor(OpenTelemetry::SDK::Trace::Export::SimpleSpanProcessor.new(EXPORTER))
  end.tracer('spec')

  # Calls somebody.
  class Step < Tasker::StepHandler::Base
    def process(*) = TRACER.in_span('call a shop') { { 'ok' => true } }
  end

  # Two of them in a line.
  class Workflow
    include Tasker::TaskHandler

    define_step_templates do |templates|
      templates.define(name: 'ask', handler_class: Step)
      templates.define(name: 'answer', depends_on_step: 'ask', handler_class: Step)
    end
  end
end

# Beside the gem opentelemetry-sdk: one trace covers what enqueued a task, its job, its
# steps and what their handlers do.
RSpec.describe 'tracing beside OpenTelemetry for Ruby', :parity do
  let(:tracer) { Traced::TRACER }

  # All threads share the example's connection, as under transactional fixtures.
  around do |example|
    pool = ActiveRecord::Base.connection_pool
    pool.pin_connection!(true)
    example.run
  ensure
    pool.unpin_connection!
    TaskerCore.configure { |config| config.state_transitions = config.orchestration = :off }
  end

  before do
    Traced::EXPORTER.reset
    Traced::Workflow.register_handler('traced_task')
    @receiver = OtlpReceiver.new
    TaskerCore.configure do |config|
      TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", :active) }
      config.tracing = :on
      config.otlp_endpoint = @receiver.url
    end
    ActiveJob::Base.queue_adapter = :test
  end

  after do
    TaskerCore.configure do |config|
      config.tracing = :off
      config.otlp_endpoint = nil
    end
    @receiver.stop
  end

  def enqueue
    request = Tasker::Types::TaskRequest.new(name: 'traced_task', context: { 'unique' => SecureRandom.hex(8) },
                                             initiator: 'spec', source_system: 'spec', reason: SecureRandom.hex(8))
    Tasker::HandlerFactory.instance.get('traced_task').initialize_task!(request)
    ActiveJob::Base.queue_adapter.enqueued_jobs.last
  end

  def spans
    ended, = TaskerCore::Core.current.flush(10)
    @receiver.spans(ended).group_by { |span| span[:name] }
  end

  it 'continues the span of the request in the job, and gives handlers its own for a parent' do
    job = tracer.in_span('POST /orders') { enqueue }
    ActiveJob::Base.execute(JSON.parse(JSON.generate(job.except(:job, :args, :queue))))
    ours = spans
    own = Traced::EXPORTER.finished_spans.group_by(&:name)
    request = own.fetch('POST /orders').first
    run = ours.fetch('tasker.task.execution').first

    expect(run).to include(trace: request.hex_trace_id, parent: request.hex_span_id)
    steps = ours.fetch('tasker.step.execution').sort_by { |span| span[:start] }
    calls = own.fetch('call a shop')
    expect(calls.map(&:hex_trace_id).uniq).to eq([request.hex_trace_id])
    expect(calls.map(&:hex_parent_span_id)).to eq(steps.map { |step| step[:id] })
    expect(steps.first[:attributes]).to include('tasker.step_name' => 'ask', 'tasker.attempt_number' => '1')
  end

  it "makes a run's span a child of Ruby's current one" do
    outer = tracer.in_span('a rake task') do |span|
      task = Tasker::Task.find(enqueue['arguments'].first)
      Tasker::HandlerFactory.instance.get('traced_task').handle(task)
      span.context
    end

    expect(spans.fetch('tasker.task.execution').first)
      .to include(trace: outer.hex_trace_id, parent: outer.hex_span_id)
  end

  it 'keeps nothing below a span that was not sampled' do
    unsampled = OpenTelemetry::Trace::SpanContext.new
    shown = OpenTelemetry::Trace.context_with_span(OpenTelemetry::Trace.non_recording_span(unsampled))
    OpenTelemetry::Context.with_current(shown) do
      Tasker::HandlerFactory.instance.get('traced_task').handle(Tasker::Task.find(enqueue['arguments'].first))
    end

    expect(TaskerCore::Core.current.flush(10).first).to eq(0)
  end
end
