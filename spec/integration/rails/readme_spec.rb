# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/rails_program'

# What README.md tells a reader to write works as it stands there.
RSpec.describe 'the code in README.md', database: :committed do
  text = File.read(File.expand_path('../../../README.md', __dir__))
  blocks = text.scan(/^```ruby\n(.*?)^```$/m).flatten

  block = ->(what) { blocks.find { |code| code.include?(what) } or raise "README.md has no code with #{what}" }

  # @return [Array<String>] the lines that a Rails application prints
  def lines_of(code, initializer: '')
    out, err, status = RailsProgram.run(code:, initializer:, &:call)
    expect(status).to eq(0), err
    out.lines(chomp: true)
  end

  it 'switches the core on and runs a workflow to its end' do
    code = <<~RUBY
      ActiveJob::Base.queue_adapter = :test
      #{block['class OrderLine']}
      #{block['TaskRequest.new']}
      Tasker::TaskRunnerJob.perform_now(task.task_id)
      puts Tasker::Task.find(task.task_id).status, TaskerCore::Library.loaded?
    RUBY
    id, *rest = lines_of(code, initializer: block['config.orchestration'])

    expect(rest).to eq(%w[complete true])
    expect(Tasker::Task.find(id).complete).to be(true)
    expect(Tasker::WorkflowStep.order(:workflow_step_id).map(&:results)).to eq([{ 'total' => 42 }, { 'charged' => 42 }])
  end

  it 'asks about a task without Rails' do
    code = block['TaskerCore.open'].gsub('postgresql://localhost/shop', Database.url).lines(chomp: true)

    expect(lines_of("p(#{code[0]})\np(#{code[1]})")).to eq(%w[[] []])
  end

  it 'names rake tasks that there are' do
    named = text.scan(/tasker_core:(\w+)/).flatten.uniq - ['install']
    known = lines_of("Rails.application.load_tasks\nputs Rake::Task.tasks.map(&:name)")

    expect(named).not_to be_empty
    expect(known).to include(*named.map { |name| "tasker_core:#{name}" })
  end
end
