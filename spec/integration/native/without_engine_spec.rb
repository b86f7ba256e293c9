# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/rails_program'

# An application that has this gem and not the engine.
RSpec.describe 'an application without the gem tasker-engine', timeout: 120 do
  before(:context) { @rails = RailsProgram.new(engine: false) }

  after(:context) { @rails.remove }

  advice = "Add gem 'tasker-engine' to the Gemfile and run bundle install."

  { 'tasker_core:check' => [], 'tasker_core:graph' => [42], 'tasker_core:stuck' => [], 'tasker_core:reset_stuck' => [],
    'tasker_core:watch' => [42], 'tasker_core:listen' => [] }.each do |task, arguments|
    it "is told by #{task} what to add" do
      out, err, code = @rails.call(task, *arguments)
      expect([out, code]).to eq(['', 1])
      expect(err).to match(/\A.+ needs the models of the Tasker engine, .*#{Regexp.escape(advice)}\n\z/)
    end
  end

  it 'is told by the doctor, as a problem' do
    out, _, code = @rails.call('tasker_core:doctor')
    expect(code).to eq(1)
    expect(out).to match(/^PROBLEM versions: the gem tasker-engine is not loaded .*\n +-> #{Regexp.escape(advice)}$/)
  end

  it 'still lists its settings' do
    out, _, code = @rails.call('tasker_core:settings')
    expect([out.lines.size > 10, code]).to eq([true, 0])
  end

  it 'gets an error of its own class in Ruby, and a listener that does not start' do
    hide_const('Tasker::ApplicationRecord')
    asked = %i[draw watch task_progress].map { |name| -> { TaskerCore.public_send(name, 1) } }
    asked += %i[stuck_steps stuck_tasks reset_stuck].map { |name| -> { TaskerCore.public_send(name, older_than: 1) } }
    asked += [-> { TaskerCore.verify }, -> { TaskerCore::Listener.start }, -> { TaskerCore::Listener.new.run }]
    asked.each do |ask|
      expect(&ask).to raise_error(TaskerCore::EngineMissing, /#{Regexp.escape(advice)}/)
    end
  end
end
