# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'
require 'English'
require 'io/console'
require 'pty'

# The demo as a reader starts it, on an empty database.
RSpec::Matchers.define_negated_matcher :not_include, :include

RSpec.describe 'the demo', timeout: 180 do
  around do |example|
    Database.empty do |connection|
      @url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      example.run
    end
  end

  let(:environment) { { 'DATABASE_URL' => @url, 'RAILS_ENV' => nil, 'TASKER_ENGINE_PATH' => '' } }
  let(:command) { [RbConfig.ruby, '-W0', File.join(Children::ROOT, 'examples/demo/run.rb')] }

  def demo(**environment_changes)
    Open3.capture2e(environment.merge(environment_changes.transform_keys(&:to_s)), *command)
  end

  it 'runs every workflow, says what each call answered and cost, and compares nothing with the engine' do
    output, status = demo

    expect(status).to be_success, output
    expect(output).to match(/^tasker_core #{TaskerCore::VERSION} \(native\) under/)
    expect(output).to match(/^  ● validate +complete +attempt 1/).and match(/ s  charge: in progress, attempt 1/)
    expect(output).to match(/^ +● 12 × photo_1 … photo_12 +●{12}$/)
    expect(output.scan(/run the task +[\d.]+ +\d+ +complete$/).size).to eq(3)
    expect(output.scan(/step readiness +[\d.]+ +1 +\d+ steps, 0 ready$/).size).to eq(3)
    expect(output).not_to include("\e[")
    expect(output).to include('tmp/demo/price_quote.svg')
    expect(File.read(File.join(Children::ROOT, 'tmp/demo/price_quote.svg'))).to start_with('<svg ')
    expect(output).to include('nothing here is compared').and not_include('engine alone')
  end

  it 'redraws the graph on a terminal, and never wider than it is' do
    output = +''
    PTY.spawn(environment.merge('TERM' => 'xterm'), *command) do |terminal, _, pid|
      terminal.winsize = [24, 60]
      loop { output << terminal.readpartial(4096) }
    rescue Errno::EIO
      Process.wait(pid)
    end
    drawn = output.force_encoding('UTF-8').gsub(/\e\[[\d;]*[A-Za-z]/, '').lines.map(&:chomp).grep(/[●◐○│─]/)

    expect($CHILD_STATUS).to be_success
    expect(output).to include("\e[J")
    expect(drawn.map(&:size).max).to be <= 60
    expect(drawn.join).to include('◐').and include('○')
  end

  it 'fails, and says why, where the core is kept out' do
    output, status = demo(TASKER_CORE_IMPLEMENTATION: 'ruby')

    expect(status.exitstatus).to eq(1)
    expect(output).to include('The demo failed: the native core is not available')
  end

  it 'fails where no database answers' do
    output, status = demo(DATABASE_URL: 'postgresql:///nowhere?host=/nowhere')

    expect(status.exitstatus).to eq(1)
    expect(output).to include('The demo failed')
  end

  it 'ends at once on Ctrl-C' do
    IO.popen(environment, command, err: %i[child out]) do |io|
      io.each_line.find { |line| line.include?('in progress, attempt') }
      Process.kill(:INT, io.pid)
      io.read
    end

    expect($CHILD_STATUS.exitstatus).to eq(130)
  end

  it 'runs tasks over HTTP, and says which it does not know', timeout: 30 do
    code = <<~RUBY
      require 'rack/builder'
      require 'rack/mock_request'
      app = Rack::MockRequest.new(Array(Rack::Builder.parse_file('#{Children::ROOT}/examples/demo/config.ru')).first)
      TaskerCore.on(Tasker::ApplicationRecord.connection).install_schema
      order = { name: 'order_line', context: { items: [12, 30] } }
      made = app.post('/tasks', input: order.to_json, 'CONTENT_TYPE' => 'application/json')
      id = JSON.parse(made.body).fetch('task_id')
      status = -> { JSON.parse(app.get("/tasks/\#{id}").body).fetch('status') }
      sleep 0.02 until %w[complete error].include?(status.call)
      unknown = app.post('/tasks', params: { name: 'nothing' })
      puts made.status, status.call, unknown.status, unknown.body
    RUBY
    output, = Children.ruby(code, environment)

    expect(output.lines(chomp: true))
      .to match(['201', 'complete', '422', a_string_including('No task handler for nothing')])
  end
end
