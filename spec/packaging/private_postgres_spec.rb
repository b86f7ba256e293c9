# frozen_string_literal: true

require_relative 'support'
require 'fileutils'
require 'pg'

# The scripts of bin/ in a folder of their own, so that the cluster under test is
# nobody else's.
RSpec.describe 'bin/postgres' do
  include Packaging

  around do |example|
    Dir.mktmpdir('tc') do |folder|
      @project = folder
      FileUtils.chmod(0o755, folder)
      FileUtils.cp_r(File.join(Packaging::ROOT, 'bin'), folder)
      example.run
    ensure
      postgres('stop')
    end
  end

  # Where DATABASE_URL names a server elsewhere, this machine may have none.
  before do
    skip 'no PostgreSQL server programs here' unless system('command -v initdb >/dev/null') ||
                                                     Dir['/usr/lib/postgresql/*/bin/initdb'].any?
  end

  attr_reader :project

  def postgres(*arguments, env: {})
    run('bash', File.join(project, 'bin/postgres'), *arguments, env: { 'DATABASE_URL' => nil }.merge(env))
  end

  def url(...) = postgres('url', ...).lines.last.chomp

  def postmaster = File.read(File.join(project, 'tmp/postgres/data/postmaster.pid')).to_i

  def query(address, statement)
    connection = PG.connect(address)
    result = connection.exec(statement)
    result.ntuples.positive? ? result.getvalue(0, 0) : nil
  ensure
    connection&.close
  end

  it 'starts a cluster on demand that syncs to disk and listens on no TCP port' do
    address = url

    expect(query(address, 'SELECT current_database()')).to eq('tasker_core_test')
    expect(query(address, 'SHOW fsync')).to eq('on')
    expect(query(address, 'SHOW listen_addresses')).to eq('')
  end

  it 'goes on with what was committed after the server was killed' do
    query(url, 'CREATE TABLE kept AS SELECT 7 AS value')
    Process.kill(:KILL, postmaster)

    expect(query(url, 'SELECT value FROM kept')).to eq('7')
  end

  it 'starts anew where tmp/ was removed under a running server' do
    query(url, 'CREATE TABLE gone AS SELECT 7 AS value')
    FileUtils.rm_rf(File.join(project, 'tmp'))

    expect(query(url, "SELECT to_regclass('gone')")).to be_nil
  end

  it 'is not fooled by a pid file that names a living process of somebody else' do
    url
    postgres('stop')
    stale = File.join(project, 'tmp/postgres/data/postmaster.pid')
    File.write(stale, "#{Process.pid}\n#{File.dirname(stale)}\n")

    expect(query(url, 'SELECT 1')).to eq('1')
  end

  it 'starts one server for callers that come at once' do
    addresses = Array.new(4) { |number| Thread.new { url("at_once_#{number}") } }.map(&:value)

    expect(addresses.map { |address| query(address, 'SELECT current_database()') })
      .to eq(%w[at_once_0 at_once_1 at_once_2 at_once_3])
  end

  it 'stops a server that it started for one command, and passes its failure on' do
    expect(postgres('with', 'sh', '-c', 'echo "$DATABASE_URL"')).to include('tasker_core_test')
    expect { postgres('status') }.to raise_error(/not running/)
    expect { postgres('with', 'sh', '-c', 'exit 7') }.to raise_error(/exit 7/)
    expect { postgres('status') }.to raise_error(/not running/)
  end

  it 'leaves a server running that it found running' do
    postgres('start')
    postgres('with', 'true')

    expect(postgres('status')).to start_with('running')
  end

  # Calls functions of bin/lib.
  def functions(command, **env)
    sourced = %w[common private_server redis postgres tidy].map { |name| ". #{project}/bin/lib/#{name}.sh" }
    run('bash', '-euc', [*sourced, command].join("\n"), env: env.transform_keys(&:to_s))
  end

  # bin/test ends with this.
  def tidy(limit) = functions('discard_grown_cluster; say_size', CLUSTER_LIMIT: limit.to_s)

  it 'begins a log anew that is longer than a megabyte' do
    log = File.join(project, 'server.log')
    [1_000_000, 2_000_000].each do |size|
      File.write(log, 'x' * size)
      functions("turn_log '#{log}'")
      expect(File.exist?(log)).to be(size == 1_000_000)
    end
    expect(File.size("#{log}.old")).to eq(2_000_000)
  end

  it 'has a cluster that is removed once it has grown and nobody uses it' do
    postgres('start')
    expect(tidy(1)).to match(%r{\Atmp/ holds \d+ MB: postgres \d+\n\z})
    postgres('stop')
    expect(tidy(10_000)).to start_with('tmp/ holds')
    expect(tidy(1)).to match(%r{cluster has grown to \d+ MB.*\ntmp/ holds \d MB: \n})
    expect(File).not_to exist(File.join(project, 'tmp/postgres/data'))
  end

  it 'uses DATABASE_URL where it is given, and starts nothing' do
    given = { 'DATABASE_URL' => 'postgresql://someone@db.example:5433/orders?sslmode=require' }

    expect(url(env: given)).to eq(given['DATABASE_URL'])
    expect(File).not_to exist(File.join(project, 'tmp/postgres'))
  end
end
