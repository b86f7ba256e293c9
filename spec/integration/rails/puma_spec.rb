# frozen_string_literal: true

require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/puma/server'
require_relative '../../support/sidekiq/ledger'

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

  # A worker that was started meanwhile has run a task.
  def await_others(workers, answers)
    sleep 0.05 until answers.compact.any? { |answer| !workers.include?(answer.to_i) }
  end

  def violations = Ledger.violations.reject { |_, count| count.zero? }

  # What an operator does about it.
  def go_on
    TaskerCore.reset_stuck(older_than: 0)
    Tasker::Task.where(complete: [nil, false]).ids.each { |id| Tasker::TaskRunnerJob.perform_now(id) }
  end

  { 'with preload_app!' => true, 'without preload_app!' => false }.each do |name, preload|
    describe name do
      it 'goes on in a new worker when one is killed under load, and completes what that one held once it is reset' do
        answers = puma(preload:) do |server|
          before = server.workers
          server.under_load do |so_far|
            await_work(so_far)
            Process.kill(:KILL, before.sample)
            await_others(before, so_far)
          end
        end

        expect(answers.compact).to all(match(/\A\d+ complete native\z/))
        go_on
        expect(violations).to eq({})
      end
    end
  end

  it 'loses nothing in a phased restart' do
    answers = puma(preload: false) do |server|
      before = server.workers
      server.under_load do |so_far|
        await_work(so_far)
        server.phased_restart
        await_others(before, so_far)
      end
    end

    expect(answers).to all(match(/\A\d+ complete native\z/))
    expect(violations).to eq({})
    expect(Tasker::Task.where(complete: true).count).to be >= answers.size
  end
end
