# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../support/puma/server'
require_relative '../support/sidekiq/ledger'

# A real Puma in cluster mode, restarted and killed while it runs tasks.
RSpec.describe 'under Puma, in cluster mode', :orchestration, timeout: 180 do
  before { skip 'Puma is not here' unless PumaServer.here? }

  around do |example|
    Database.clean
    Ledger.create_table
    Ledger.register
    example.run
  ensure
    Ledger.drop_table
    Database.clean
  end

  def puma(preload:, &)
    PumaServer.run(preload:, environment: { 'DATABASE_URL' => Database.url }, &)
  end

  # The worker is known to be at work: its steps are in progress.
  def await_work(answers)
    before = answers.size
    sleep 0.05 until answers.size > before + 4 && TaskerCore.stuck_steps(older_than: 0).any?
  end

  def violations = Ledger.violations.reject { |_, count| count.zero? }

  # What an operator does about it.
  def go_on
    TaskerCore.reset_stuck(older_than: 0)
    Tasker::Task.where(complete: [nil, false]).ids.each { |id| Tasker::TaskRunnerJob.perform_now(id) }
  end

  { 'with preload_app!' => true, 'without preload_app!' => false }.each do |name, preload|
    describe name do
      it 'runs tasks in both workers, and keeps its promises when one is killed under load' do
        answers = puma(preload:) do |server|
          server.under_load do |so_far|
            await_work(so_far)
            Process.kill(:KILL, server.workers.sample)
            server.await(PumaServer::WORKERS + 1, 'booted')
          end
        end
        answered = answers.compact.reject(&:empty?)

        expect(answered).to all(match(/\A\d+ complete native\z/))
        expect(answered.map(&:to_i).uniq.size).to be >= 2
        go_on
        expect(violations).to eq({})
      end
    end
  end

  it 'loses nothing in a phased restart' do
    before = nil
    answers = puma(preload: false) do |server|
      before = server.workers
      server.under_load do |so_far|
        await_work(so_far)
        server.phased_restart
        await_work(so_far)
      end
    end

    expect(answers).to all(match(/\A\d+ complete native\z/))
    expect(answers.map(&:to_i).uniq - before).not_to be_empty
    expect(violations).to eq({})
    expect(Tasker::Task.where(complete: true).count).to be >= answers.size
  end
end
