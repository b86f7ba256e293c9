# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/otlp_receiver'
require_relative '../../support/workflows'

# Spans of delegated runs, as a real receiver decodes them.
RSpec.describe 'tracing', :orchestration, database: :committed do
  before(:all) { @receiver = OtlpReceiver.new }
  after(:all) { @receiver.stop }

  # The engine's debug lines ask for states of their own.
  around do |example|
    level = Rails.logger.level
    Rails.logger.level = Logger::INFO
    example.run
  ensure
    Rails.logger.level = level
  end

  before { trace_to(@receiver.url) }
  after { TaskerCore::Tracing.apply(TaskerCore::Configuration.new) }

  let(:line) { { 'one' => [], 'two' => ['one'] } }
  let(:diamond) { { 'top' => [], 'left' => ['top'], 'right' => ['top'], 'bottom' => %w[left right] } }

  def trace_to(url, **settings)
    switch(:active, tracing: :on, otlp_endpoint: url, **settings)
  end

  def run(graph, handlers = {}, **options)
    task = Scripted.task(graph, handlers, **options)
    Timeout.timeout(20) { Scripted.handle(task) }
    task
  end

  # What has arrived of the spans that ended.
  def arrived
    ended, = TaskerCore::Core.current.flush(10)
    @receiver.spans(ended - @counted.to_i).tap { @counted = ended }
  end

  def named(spans, name) = spans.select { |span| span[:name] == name }
  def children(spans, parent) = spans.select { |span| span[:parent] == parent[:id] }

  def wait_until
    Timeout.timeout(20) do
      loop do
        found = yield
        return found if found
      end
    end
  end

  # Names of spans below another, in the order of their beginning, with theirs.
  def tree(spans, parent)
    children(spans, parent).sort_by { |span| span[:start] }.map do |span|
      below = tree(spans, span)
      below.empty? ? span[:name] : { span[:name] => below }
    end
  end

  def step_tree
    { 'tasker.step.execution' => [{ 'tasker.step.claim' => ['claim_step'] },
                                  { 'tasker.step.completion' => ['finish_step'] }] }
  end

  def root(spans) = named(spans, 'tasker.task.execution').first

  def expect_nested(spans)
    by_id = spans.to_h { |span| [span[:id], span] }
    spans.each do |span|
      expect(span[:end]).to be >= span[:start]
      parent = by_id[span[:parent]] or next
      expect(span[:start]).to be >= parent[:start]
      expect(span[:end]).to be <= parent[:end]
    end
  end

  it 'sends the run of a line: the run, its batches, steps, claims, completions and statements' do
    task = run(line)
    spans = arrived

    first = { 'tasker.step.execution' => [{ 'tasker.step.claim' => ['claim_step'] },
                                          { 'tasker.step.completion' => ['finish_and_claim_step'] }] }
    second = { 'tasker.step.execution' => [{ 'tasker.step.completion' => ['finish_step'] }] }
    expect(tree(spans, root(spans)).grep(Hash)).to eq([{ 'tasker.batch.execution' => [first, second] }])
    expect(tree(spans, root(spans)).grep(String).uniq).to include('task_snapshot', 'complete_task')
    expect(root(spans)).to include(parent: '', kind: 'SPAN_KIND_INTERNAL', status: 'STATUS_CODE_UNSET',
                                   scope: 'tasker_core')
    expect(root(spans)[:attributes]).to include(
      'tasker.task_id' => task.task_id.to_s, 'tasker.task_name' => task.name, 'tasker.total_steps' => '2',
      'tasker.completed_steps' => '2', 'tasker.failed_steps' => '0', 'tasker.correlation_id' => /./
    )
    expect(spans.map { |span| span[:trace] }.uniq.size).to eq(1)
    expect_nested(spans)
  end

  it 'gives a step the names and numbers of the engine, and a statement those of databases' do
    task = run(line)
    spans = arrived
    steps = named(spans, 'tasker.step.execution').sort_by { |span| span[:start] }

    expect(steps.map { |span| span[:attributes]['tasker.step_name'] }).to eq(%w[one two])
    expect(steps.first[:attributes]).to eq(
      'tasker.step_name' => 'one', 'tasker.step_id' => step(task, 'one').workflow_step_id.to_s,
      'tasker.task_id' => task.task_id.to_s, 'tasker.attempt_number' => '1'
    )
    expect(named(spans, 'claim_step').first).to include(
      kind: 'SPAN_KIND_CLIENT', attributes: { 'db.system.name' => 'postgresql', 'db.query.summary' => 'claim_step' }
    )
    expect(root(spans)[:resource]).to include('service.name' => 'tasker', 'process.pid' => Process.pid.to_s)
  end

  it 'sends the run of a diamond: the siblings in one batch, on threads of their own' do
    run(diamond)
    spans = arrived

    sizes = named(spans, 'tasker.batch.execution').sort_by { |span| span[:start] }
                                                  .map { |span| children(spans, span).size }
    expect(sizes).to eq([1, 2, 1])
    expect(named(spans, 'tasker.step.execution').size).to eq(4)
    expect_nested(spans)
  end

  it 'shows a failed step and the run that it blocks' do
    run(line, { 'one' => ->(*) { raise ArgumentError, 'no such order' } }, retry_limit: 1)
    spans = arrived
    step = named(spans, 'tasker.step.execution').first

    expect(step).to include(status: 'STATUS_CODE_ERROR', message: 'no such order')
    expect(step[:attributes]).to include('tasker.error' => 'no such order',
                                         'tasker.exception_class' => 'ArgumentError', 'tasker.attempt_number' => '1')
    expect(root(spans)).to include(status: 'STATUS_CODE_ERROR', message: /1 step/)
    expect(named(spans, 'tasker.step.completion').map { |span| span[:status] }).to eq(['STATUS_CODE_UNSET'])
  end

  it 'hides what the filter of the application hides, and sends what is no UTF-8' do
    Tasker.configuration.telemetry { |telemetry| telemetry.filter_parameters = [/\Aerror\z/i] }
    run(line, { 'one' => ->(*) { raise "pa\xFFss" } }, retry_limit: 1)

    step = named(arrived, 'tasker.step.execution').first
    expect(step[:message]).to eq('[FILTERED]')
    expect(step[:attributes]).to include('tasker.error' => '[FILTERED]')

    Tasker.reset_configuration!
    run(line, { 'one' => ->(*) { raise "pa\xFFss" } }, retry_limit: 1)
    expect(named(arrived, 'tasker.step.execution').first[:message]).to eq("pa\uFFFDss")
  end

  describe 'a trace from elsewhere' do
    let(:trace) { '0af7651916cd43dd8448eb211c80319c' }
    let(:header) { "00-#{trace}-b7ad6b7169203331-01" }

    it 'goes on through the job that is enqueued in it' do
      ActiveJob::Base.queue_adapter = :test
      task = TaskerCore::Tracing.continue(header) { Workflows.create('line') }
      job = jobs.find { |enqueued| enqueued['arguments'].first == task.task_id }
      expect(job).to include('tasker_core_traceparent' => header)

      ActiveJob::Base.execute(JSON.parse(JSON.generate(job.except(:job, :args, :queue))))
      spans = arrived
      expect(root(spans)).to include(trace:, parent: 'b7ad6b7169203331', kind: 'SPAN_KIND_CONSUMER', remote: true)
      expect(named(spans, 'tasker.step.execution').map { |span| span[:trace] }).to eq([trace] * 3)
    end

    it 'is not kept where its own decision was against it' do
      TaskerCore::Tracing.continue("00-#{trace}-b7ad6b7169203331-00") { run(line) }

      expect(TaskerCore::Core.current.flush(5).first).to eq(0)
    end

    it 'is what a handler sees, for what it calls' do
      seen = nil
      TaskerCore::Tracing.continue(header) do
        run(line, { 'one' => ->(*) { (seen = TaskerCore::Tracing.traceparent) && {} } })
      end

      step = named(arrived, 'tasker.step.execution').min_by { |span| span[:start] }
      expect(seen).to eq("00-#{trace}-#{step[:id]}-01")
    end

    it 'goes on in a client with connections of its own, whose core makes the spans' do
      settings = { database_url: Database.url, tracing: :on, otlp_endpoint: @receiver.url }
      TaskerCore.open(**settings) { |client| TaskerCore::Tracing.continue(header) { client.viable_steps(0) } }

      spans = @receiver.spans(4)
      operation = named(spans, 'tasker_core.viable_steps').first
      expect(operation).to include(trace:, parent: 'b7ad6b7169203331', remote: true)
      expect(operation[:attributes]).to include('tasker.task_id' => '0')
      expect(children(spans, operation).map { |span| [span[:name], span[:kind]] })
        .to eq([%w[task_snapshot SPAN_KIND_CLIENT]])
    end

    it 'goes on in the job that takes an unfinished task up again' do
      TaskerCore::Tracing.continue(header) { run(line, { 'one' => ->(*) { raise 'later' } }, retry_limit: 3) }

      run_id = root(arrived)[:id]
      expect(jobs.last).to include('tasker_core_traceparent' => "00-#{trace}-#{run_id}-01")
    end
  end

  it 'hands over at once what ends after its run' do
    release = Thread::Queue.new
    short_timeouts(0.2)
    task = run(line, { 'one' => ->(*) { release.pop && {} } }, retry_limit: 1)
    expect(named(arrived, 'tasker.step.execution')).to be_empty

    release << true
    late = wait_until { named(arrived, 'tasker.step.execution').first }
    expect(late[:attributes]).to include('tasker.task_id' => task.task_id.to_s, 'tasker.step_name' => 'one')
  end

  it 'makes nothing where it is off' do
    TaskerCore.configure { |config| config.tracing = :off }
    tracing = TaskerCore::Tracing
    calls = lambda do
      tracing.trace('a') { tracing.span('b') { tracing.statement('c') { tracing.inside(nil) { nil } } } }
    end
    calls.call
    before = GC.stat(:total_allocated_objects)
    1000.times { |_| calls.call }
    expect(GC.stat(:total_allocated_objects) - before).to be < 100
  end

  it 'leaves jobs as they are where there is no trace' do
    TaskerCore.configure { |config| config.tracing = :off }
    expect(Tasker::TaskRunnerJob.new(1).serialize.keys.grep(/tasker_core/)).to be_empty
  end

  it 'keeps as many traces as it is told to' do
    trace_to(@receiver.url, trace_sample_ratio: 0)
    run(line)
    expect(TaskerCore::Core.current.flush(5)).to eq([0] * 5)
  end

  describe 'the environment' do
    around do |example|
      before = ENV.to_h
      example.run
    ensure
      ENV.replace(before)
    end

    # As a .env file does it: long after the process began.
    def environment(**variables)
      variables.each { |name, value| ENV[name.to_s] = value }
      trace_to(nil)
      TaskerCore::Core.reset
    end

    it 'names receiver, service and attributes' do
      environment(OTEL_EXPORTER_OTLP_ENDPOINT: @receiver.url, OTEL_SERVICE_NAME: 'shop',
                  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=spec')
      run(line)

      expect(root(arrived)[:resource]).to include('service.name' => 'shop', 'deployment.environment.name' => 'spec')
    end

    it 'switches everything off' do
      [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }].each do |variables|
        environment(OTEL_EXPORTER_OTLP_ENDPOINT: @receiver.url, **variables)
        run(line)
        expect(TaskerCore::Core.current.flush(5)).to eq([0] * 5)
        variables.each_key { |name| ENV.delete(name.to_s) }
      end
    end

    it 'chooses the sampler' do
      environment(OTEL_EXPORTER_OTLP_ENDPOINT: @receiver.url, OTEL_TRACES_SAMPLER: 'always_off')
      run(line)
      expect(TaskerCore::Core.current.flush(5)).to eq([0] * 5)
    end
  end

  it 'goes on where nobody receives, counts what is lost, and does not wait long at the end' do
    trace_to('http://127.0.0.1:1')
    ENV['OTEL_BSP_MAX_QUEUE_SIZE'] = '20'
    TaskerCore::Core.reset
    task = run(diamond)

    expect(task_state(task)).to eq('complete')
    ended, exported, dropped, _, waiting = TaskerCore::Core.current.flush(0)
    expect([exported, dropped.positive?, waiting]).to match([0, true, be <= 20])
    expect(ended).to be > 20
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    TaskerCore::Core.reset
    expect(Process.clock_gettime(Process::CLOCK_MONOTONIC) - began).to be < 10
  ensure
    ENV.delete('OTEL_BSP_MAX_QUEUE_SIZE')
  end

  it 'sends what waits when a program ends, without Rails as with it' do
    script = "TaskerCore.configure { |c| c.tracing = :on; c.otlp_endpoint = '#{@receiver.url}' }; " \
             "TaskerCore::Tracing.trace('the end') { |span| span.set('number', 7) }"
    library = File.expand_path('../../../lib', __dir__)
    expect(system(RbConfig.ruby, '-I', library, '-r', 'tasker_core', '-e', script)).to be(true)

    expect(@receiver.spans(1).first).to include(name: 'the end', attributes: { 'number' => '7' })
  end

  it 'sends the spans of a forked child with an exporter of its own' do
    run(line)
    arrived
    TaskerCore::Tracing.current
    child = fork do
      ActiveRecord::Base.establish_connection(Database.config)
      run(line)
      TaskerCore::Core.flush
      exit!(0)
    end
    Process.wait(child)

    spans = @receiver.spans(10)
    expect(spans.map { |span| span[:resource]['process.pid'] }.uniq).to eq([child.to_s])
  end
end
