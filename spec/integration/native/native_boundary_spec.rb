# frozen_string_literal: true

require_relative '../../spec_helper'

# What comes over the boundary is judged by the core, whoever sent it: bytes that
# are no request, and answers of statements that cannot be true.
RSpec.describe 'the native boundary', :database do
  let!(:core) { TaskerCore::Core.new }
  let(:handle) { core.instance_variable_get(:@handle) }

  after { core.close }

  def send_bytes(bytes)
    MessagePack.unpack(TaskerCore::Native.call(handle, bytes, false))
  end

  def ask(operation, arguments, *answers) = send_bytes([operation, arguments, answers].to_msgpack)

  # What a refusal looks like; the core goes on after it.
  def expect_refusal(reply, code)
    expect([reply[0], reply[1]['code']]).to eq([2, code])
    expect(reply[1]['message']).not_to be_empty
  end

  after { expect(ask('ping', {})).to eq([0, 'pong']) }

  it 'refuses bytes that are no request' do
    ['', "\xC1", "\x93", "\x93\xA4ping", "\x94\xA4ping\x80\x90\x90", 'hello', "\xDD\xFF\xFF\xFF\xFF", "\x00" * 50,
     [1, {}, []].to_msgpack, ['ping', {}].to_msgpack, ['ping', {}, 7].to_msgpack,
     ['ping', {}, [['x']]].to_msgpack, ['ping', {}, [['x', [[3]], nil]]].to_msgpack].each do |bytes|
      expect_refusal(send_bytes(bytes.b), 'malformed_request')
    end
  end

  it 'refuses every beginning of a good request' do
    bytes = ['step_readiness', { 'task_id' => 1, 'step_ids' => [1, 2], 'function_version' => 2 }, []].to_msgpack
    (0...bytes.bytesize).each { |size| expect_refusal(send_bytes(bytes.byteslice(0, size)), 'malformed_request') }
  end

  it 'refuses arguments that do not fit' do
    [{ 'task_id' => 'one' }, { 'task_id' => 1, 'colour' => 'red' }, { 'task_id' => [1] }, 'task_id',
     { 'task_id' => 1.5 }].each do |arguments|
      expect_refusal(ask('dependency_levels', arguments), 'invalid_argument')
    end
    expect_refusal(ask('make_coffee', {}), 'unknown_operation')
  end

  it 'names an unknown argument or setting, also where it is nil' do
    reply = ask('ping', { 'x' => nil })
    expect_refusal(reply, 'invalid_argument')
    expect(reply[1]['message']).to include('unknown name x')
    expect { TaskerCore.open(database_url: Database.url, connect_timeout: nil) }
      .to raise_error(TaskerCore::ConfigurationError, /unknown name connect_timeout/)
  end

  it 'refuses what is nested too deep before it is decoded' do
    ["\x91", "\x81\xA1k", "\x93\xA4ping\x81\xA1x\x91", "\x93\xAEpublish_events\x81\xA6events\x91"].each do |start|
      reply = send_bytes(start.b + ("\x91".b * 5_000_000))
      expect_refusal(reply, 'invalid_argument')
      expect(reply[1]['message']).to include('nested deeper than 100 levels')
    end
    deep = ('['.b * 3_000_000) + (']' * 3_000_000)
    expect_refusal(ask('finish_claim', { 'step_id' => 1, 'task_id' => 1, 'token' => 1, 'to' => 'complete',
                                         'results' => deep }), 'invalid_argument')
  end

  it 'refuses a core that is not open' do
    reply = MessagePack.unpack(TaskerCore::Native.call(4_711, ['ping', {}, []].to_msgpack, false))
    expect_refusal(reply, 'invalid_argument')
  end

  describe 'with answers of a statement' do
    let(:workflow) { Rows.workflow(steps: 4, edges: [[1, 2], [1, 3], [2, 4], [3, 4]], state: 'in_progress') }
    let(:arguments) { { 'task_id' => workflow.task_id, 'step_ids' => nil, 'function_version' => 2 } }
    let(:statement) { ask('step_readiness', arguments) }
    let(:truth) { TaskerCore::HostConnection.new(Database.connection).answer(*statement.drop(1)) }

    def answer_with(rows, name: truth[0], failure: nil) = ask('step_readiness', arguments, [name, rows, failure])

    it 'takes the truth' do
      expect(answer_with(truth[1])[0]).to eq(0)
    end

    it 'refuses an answer to another statement' do
      expect_refusal(answer_with(truth[1], name: 'weather'), 'internal')
    end

    it 'hands on a failure with its code' do
      reply = answer_with(nil, failure: %w[40001 again])

      expect(reply[1]).to include('code' => 'database', 'sqlstate' => '40001', 'retryable' => true)
    end

    it 'refuses rows of the wrong shape' do
      [[], [[]], [[nil]], [['']], [['x']], [[truth[1][0][0]] * 20], truth[1] * 2].each do |rows|
        expect_refusal(answer_with(rows), 'malformed_answer')
      end
    end

    it 'is not brought down by damaged values' do
      random = Random.new(RSpec.configuration.seed)
      codes = Array.new(400) do
        rows = Marshal.load(Marshal.dump(truth[1]))
        row = rows.sample(random:)
        column = random.rand(row.size)
        row[column] = damage(row[column].to_s, random)
        reply = answer_with(rows)
        reply[0] == 2 ? reply[1]['code'] : 'value'
      end

      expect(codes.uniq - %w[value malformed_answer cycle]).to eq([])
      expect(codes).to include('malformed_answer')
    end

    def damage(text, random)
      bytes = text.bytes
      case random.rand(3)
      when 0 then bytes = bytes.take(random.rand(bytes.size + 1))
      when 1 then bytes[random.rand(bytes.size + 1)] = random.rand(256)
      else bytes.insert(random.rand(bytes.size + 1), *',{}"-9NULL'.bytes.sample(3, random:))
      end
      bytes.map { |byte| byte || 32 }.pack('C*').force_encoding('UTF-8')
    end
  end
end
