# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'

RSpec.describe "the core's log", :orchestration, database: :committed do
  # A logger whose lines can be waited for.
  let(:collecting) do
    Class.new(Logger) do
      attr_reader :lines

      def initialize
        super(IO::NULL)
        @lines = Thread::Queue.new
      end

      %i[debug info warn error].each do |level|
        define_method(level) { |text = nil, &block| @lines << [level, text || block.call] }
      end
    end
  end

  around do |example|
    before = Rails.logger
    Rails.logger = @logger = collecting.new
    example.run
  ensure
    Rails.logger = before
  end

  let(:line) { { 'one' => [], 'two' => ['one'] } }

  def run(...) = Scripted.task(...).tap { |task| Timeout.timeout(20) { Scripted.handle(task) } }

  # The next line of the core with that message, as its level and its fields.
  def logged(message)
    loop do
      level, text = @logger.lines.pop(timeout: 10) || raise("no line '#{message}' came")
      fields = JSON.parse(text) if text.start_with?('{"level"')
      return [level, fields] if fields && fields['message'] == message
    end
  end

  it 'goes to Rails.logger at its levels, with the fields of the engine' do
    switch :active, log_destination: :rails, slow_statement_seconds: 0.000_001
    task = run(line)
    level, fields = logged('slow statement')

    expect(level).to eq(:warn)
    expect(fields).to include('component' => 'tasker_core', 'process_id' => Process.pid, 'duration_ms' => be_positive,
                              'statement' => be_a(String), 'timestamp' => /\A\d{4}-/)
    opened = claimed = nil
    opened = logged('slow statement').last until opened && opened['operation'] == 'open_session'
    claimed = logged('slow statement').last until claimed && claimed['statement'] == 'claim_step'
    expect(claimed['correlation_id']).to eq(opened['correlation_id']).and be_a(String)
    expect(claimed).to include('task_id' => task.task_id, 'step_id' => step(task, 'one').workflow_step_id,
                               'operation' => 'session_claim')
  end

  it 'says which claim was refused, and why' do
    switch :active, log_destination: :rails, log_level: :info
    claimed_elsewhere = lambda do |*|
      other = step(Tasker::Task.last, 'two')
      Tasker::WorkflowStep.where(workflow_step_id: other.workflow_step_id).update_all(in_process: true)
      {}
    end
    task = run(line, { 'one' => claimed_elsewhere })
    TaskerCore.on(Tasker::ApplicationRecord.connection).open_session(task.task_id) do |session|
      session.claim(step(task, 'two').workflow_step_id)
    end

    level, fields = logged('claim refused')
    expect([level, fields['code']]).to eq([:info, 'not_eligible'])
    expect(fields).to include('task_id' => task.task_id, 'reason' => /cannot run now/)
  end

  it 'hides what the application hides, down to the results that cross as JSON' do
    Tasker.configuration.telemetry { |telemetry| telemetry.filter_parameters = [:passw, /\Atoken\z/, 'card.number'] }
    switch :active, log_destination: :rails, log_level: :debug
    results = { 'password' => 's3cret-1', 'kept' => 'shown', 'user' => [{ 'token' => 's3cret-2', 'tokens' => 2 }],
                'card' => { 'number' => 's3cret-3' }, 'number' => 4 }
    run(line, { 'one' => ->(*) { results } })
    fields = nil
    fields = logged('operation ended').last until fields && fields['operation'] == 'session_finish'

    expect(fields['arguments']['columns']['results']).to eq(
      'password' => '[FILTERED]', 'kept' => 'shown', 'user' => [{ 'token' => '[FILTERED]', 'tokens' => 2 }],
      'card' => { 'number' => '[FILTERED]' }, 'number' => 4
    )
    everything = Array.new(@logger.lines.size) { @logger.lines.pop.last }
    expect(everything.grep(/s3cret/)).to be_empty
  end

  it 'leaves out arguments where the application filters with a proc' do
    Tasker.configuration.telemetry { |telemetry| telemetry.filter_parameters = [->(_, _) {}] }
    switch :active, log_destination: :rails, log_level: :debug
    run(line)

    expect(logged('operation ended').last).not_to include('arguments')
  end

  it 'goes to a file' do
    Dir.mktmpdir do |folder|
      path = File.join(folder, 'core.log')
      switch :active, log_destination: path, slow_statement_seconds: 0.000_001
      run(line)
      TaskerCore::Core.reset
      expect(File.readlines(path).map { |text| JSON.parse(text)['message'] }.uniq).to eq(['slow statement'])
    end
  end

  it 'goes on in a forked child, from a core of its own' do
    switch :active, log_destination: :rails, slow_statement_seconds: 0.000_001
    run(line)
    reader, writer = IO.pipe
    child = fork do
      Rails.logger = Logger.new(writer)
      ActiveRecord::Base.establish_connection(Database.config)
      run(line)
      TaskerCore::Core.reset
      TaskerCore::Delivery.stop
      exit!(0)
    end
    Process.wait(child)
    writer.close
    expect(reader.read.scan(/"process_id":(\d+)/).flatten.uniq).to eq([child.to_s])
  end

  it 'is not sent anywhere it cannot be' do
    ['relative.log', :nowhere, nil].each do |value|
      expect { TaskerCore.configure { |config| config.log_destination = value } }
        .to raise_error(TaskerCore::ConfigurationError, /log_destination/)
    end
  end

  it 'does not keep the core from working where its file cannot be written' do
    switch :active, log_destination: '/nowhere/at/all.log', log_level: :error
    expect(task_state(run(line))).to eq('complete')
  end
end
