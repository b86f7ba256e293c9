# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require 'open3'

sidekiq = begin
  require 'sidekiq'
  true
rescue LoadError
  false
end

# Real Sidekiq processes on a real Redis, killed at random.
RSpec.describe 'under Sidekiq', :orchestration, timeout: 180 do
  before do
    skip 'Sidekiq or redis-server is not here' unless sidekiq && redis_server?
    require_relative '../../support/sidekiq/ledger'
    require_relative '../../support/sidekiq/fleet'
  end

  def redis_server? = ENV['PATH'].split(':').any? { |folder| File.executable?(File.join(folder, 'redis-server')) }

  def redis_url
    output, status = Open3.capture2e(File.expand_path('../../../bin/redis', __dir__), 'url')
    expect(status).to be_success, output
    output.lines.last.chomp
  end

  # Database 9 of the private server, emptied before and after.
  def with_redis
    configuration = { url: redis_url, db: 9 }
    Sidekiq.configure_client { |config| config.redis = configuration }
    Sidekiq.redis(&:flushdb)
    yield "#{configuration[:url]}?db=9"
  ensure
    Sidekiq.redis(&:flushdb)
  end

  around do |example|
    Database.clean
    example.run
  ensure
    Ledger.drop_table if defined?(Ledger)
    Database.clean
  end

  def application = File.expand_path('../../support/sidekiq/application.rb', __dir__)

  def environment(redis) = { 'DATABASE_URL' => Database.url, 'REDIS_URL' => redis }

  # A task in a Sidekiq that is told to end while the task's step 'check' is at work.
  #
  # @yieldparam redis [String] after it has ended
  def shut_down_in_mid_step(step_seconds:, timeout:)
    with_redis do |redis|
      ActiveJob::Base.queue_adapter = :sidekiq
      Ledger.create_table
      Ledger.register
      @task = Ledger.create(1).first
      pid = Fleet.start(application, { **environment(redis), 'LEDGER_SLOW_SECONDS' => step_seconds.to_s }, timeout:)
      Timeout.timeout(60) { sleep 0.05 until Ledger.count("SELECT count(*) FROM #{Ledger::TABLE}") == 2 }
      Process.kill(:TERM, pid)
      Timeout.timeout(20) { Process.wait(pid) }
      yield redis
    end
  end

  def queued = Sidekiq::Queue.new('default').map { |job| job.args.first['arguments'].first }

  def check_step = Tasker::WorkflowStep.where(task_id: @task).find { |step| step.name == 'check' }

  def run_fleet(tasks:, processes:, kills:)
    with_redis do |redis|
      ActiveJob::Base.queue_adapter = :sidekiq
      Ledger.create_table
      Ledger.register
      Ledger.create(tasks)
      fleet = Fleet.new(application, processes:, log: File::NULL,
                                     environment: environment(redis))
      fleet.work_through(kills:, every: 0.3..1.5, seconds: 150) { Ledger.unfinished }
      fleet
    ensure
      fleet&.stop
    end
  end

  it 'completes every task, and has every effect once for each recorded attempt, whoever is killed' do
    fleet = run_fleet(tasks: 40, processes: 3, kills: 4)

    expect(fleet.kills).to be >= 1
    expect(Ledger.violations).to eq(Ledger.violations.transform_values { 0 })
    expect(Ledger.count("SELECT count(*) FROM #{Ledger::TABLE}")).to be >= 400
    RSpec.configuration.reporter.message("    #{fleet.kills} killed, #{fleet.resets} steps reset, " \
                                         "#{fleet.lost_jobs} jobs enqueued again")
  end

  # Rails' own default is a pool as large as Sidekiq's threads.
  [5, 10, 25].each do |pool|
    it "gets along with five threads on a pool of #{pool} connections" do
      with_redis do |redis|
        ActiveJob::Base.queue_adapter = :sidekiq
        Ledger.create_table
        Ledger.register
        Ledger.create(15)
        pid = Fleet.start(application, environment(redis).merge('POOL' => pool.to_s), threads: 5)
        Timeout.timeout(60) { sleep 0.1 until Ledger.unfinished.zero? }

        expect(Ledger.violations).to eq(Ledger.violations.transform_values { 0 })
        expect(Ledger.count("SELECT count(*) FROM #{Ledger::TABLE}")).to eq(150)
        expect(queued).to be_empty
      ensure
        Process.kill(:KILL, pid) && Process.wait(pid) if pid
      end
    end
  end

  it 'ends a run before it ends itself, where that is done in time' do
    shut_down_in_mid_step(step_seconds: 1, timeout: 15) do
      expect(Ledger.violations.values.sum).to eq(0)
      expect(queued).to be_empty
    end
  end

  # Sidekiq's idle threads ask Redis for up to two seconds at a time; with less time than that
  # they may take the job that is put back, and lose it.
  it 'puts the job back where the step is not done in time; it runs again' do
    shut_down_in_mid_step(step_seconds: 30, timeout: 4) do |redis|
      expect(queued).to eq([@task])
      expect(check_step.status).to eq('error')
      expect(check_step.results['error']).to match(/the process ended while the handler of step check \(\d+\) ran/)

      pid = Fleet.start(application, environment(redis))
      Timeout.timeout(60) { sleep 0.1 until Ledger.unfinished.zero? }
      expect(check_step.attempts).to be >= 1
      expect(Ledger.violations.values.sum).to eq(0)
    ensure
      Process.kill(:KILL, pid) && Process.wait(pid) if pid
    end
  end
end
