# frozen_string_literal: true

require_relative 'orchestration_helper'
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
    require_relative '../support/sidekiq/ledger'
    require_relative '../support/sidekiq/fleet'
  end

  def redis_server? = ENV['PATH'].split(':').any? { |folder| File.executable?(File.join(folder, 'redis-server')) }

  def redis_url
    output, status = Open3.capture2e(File.expand_path('../../bin/redis', __dir__), 'url')
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

  def application = File.expand_path('../support/sidekiq/application.rb', __dir__)

  def run_fleet(tasks:, processes:, kills:)
    with_redis do |redis|
      ActiveJob::Base.queue_adapter = :sidekiq
      Ledger.create_table
      Ledger.register
      Ledger.create(tasks)
      fleet = Fleet.new(application, processes:, log: File::NULL,
                                     environment: { 'DATABASE_URL' => Database.url, 'REDIS_URL' => redis })
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
end
