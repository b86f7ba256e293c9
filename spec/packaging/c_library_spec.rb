# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/readiness_vectors'
require_relative 'c_support'

RSpec.describe 'the C library', timeout: 300 do
  include CLibrary::Valgrind

  prefix = -> { CLibrary.prefix }

  it 'defines what its header declares and nothing else, and the header is clean C99, C11 and C++17' do
    CLibrary.make('check', "BUILD=#{prefix.call}/build", "PREFIX=#{prefix.call}")

    exported = CLibrary.run('nm', '-D', '--defined-only', "#{prefix.call}/lib/libtasker_core.so.1")
    expect(exported.scan(/ T (\w+)/).flatten)
      .to all(start_with('tc_')).and include('tc_abi_version', 'tc_open', 'tc_call', 'tc_free')
  end

  it 'keeps the promises of its header, linked dynamically and statically' do
    expect(CLibrary.run(CLibrary.compile('c/test/interface.c'))).to eq("the interface keeps its promises\n")

    static = CLibrary.compile('c/test/interface.c', '-Wl,-Bstatic', '-ltasker_core', '-Wl,-Bdynamic', '-lresolv',
                              linked: '--libs-only-L')
    expect(CLibrary.run(static)).to eq("the interface keeps its promises\n")
    expect(CLibrary.run('ldd', static)).not_to include('libtasker_core')
  end

  describe 'the example', database: :committed do
    let(:flow) { Rows.workflow(steps: 3, edges: [[1, 2], [1, 3]], state: 'in_progress') }
    let(:program) { CLibrary.compile('examples/c/ready_steps.c') }
    let(:said) do
      "ready: #{flow[1]}\nclaim #{flow[1]}: allowed \ncomplete #{flow[1]}: allowed \nready: #{flow[2]} #{flow[3]}\n"
    end

    it 'asks for ready steps, claims one and completes it' do
      expect(CLibrary.run(program, Database.url, flow.task_id.to_s)).to eq(said)

      step = Tasker::WorkflowStep.find(flow[1])
      expect(step).to have_attributes(attempts: 1, processed: true, in_process: false, results: { 'answer' => 42 })
      expect(Tasker::WorkflowStepTransition.where(workflow_step_id: flow[1]).order(:sort_key).pluck(:to_state))
        .to eq(%w[in_progress complete])
    end

    it 'says what is wrong, and fails' do
      { [Database.url, '0'] => /ready: none/,
        ['postgresql:///nowhere?host=/nowhere', '1'] => /ready_steps: database: failed to connect/,
        ['nonsense://', '1'] => /ready_steps: database_url cannot be used/,
        ['only one'] => /usage: ready_steps/ }.each do |arguments, message|
        output, status = Open3.capture2e(program, *arguments)
        expect(output).to match(message)
        expect(status.success?).to be(arguments.last == '0')
      end
    end

    it 'runs clean under valgrind' do
      expect(valgrind(program, Database.url, flow.task_id.to_s)).to eq([said, []])
    end
  end

  describe 'the example without Rails' do
    let(:program) { CLibrary.compile('examples/c/first_task.c') }
    let(:said) do
      a_string_starting_with("made task 1 of 4 steps\nin_progress: 1 of 4 steps complete\n" \
                             "in_progress: 3 of 4 steps complete\ncomplete: 4 of 4 steps complete\n---\n")
    end

    def in_empty_database
      Database.empty do |connection|
        yield Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      end
    end

    it 'makes a task, executes and draws it, and does so clean under valgrind' do
      in_empty_database { |url| expect(CLibrary.run(program, url)).to match(said) }
      in_empty_database { |url| expect(valgrind(program, url)).to match([said, []]) }
    end

    it 'says what is wrong, and fails' do
      output, status = Open3.capture2e(program, 'postgresql:///nowhere?host=/nowhere')
      expect(output).to match(/first_task: database: failed to connect/)
      expect(status).not_to be_success
    end
  end

  it 'leaks nothing and touches nothing that is not its own; what is leaked is found' do
    program = CLibrary.compile('c/test/interface.c')

    expect(valgrind(program)).to eq(["the interface keeps its promises\n", []])
    expect(valgrind(program, 'leak').last).to match([/\ALeak_DefinitelyLost: 7 bytes in 1 blocks are definitely lost/])
  end

  describe 'in a C program, asked for readiness', :database do
    relay = nil
    before(:context) { relay = CLibrary::Relay.new(CLibrary.compile('c/test/relay.c')) }
    after(:context) { relay.close }

    let(:core) { relay }

    it_behaves_like 'readiness as the engine recorded it'
  end
end
