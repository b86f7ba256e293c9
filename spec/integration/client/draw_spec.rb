# frozen_string_literal: true

require_relative '../../spec_helper'
require 'rake'
require 'rexml/document'
require 'tmpdir'

RSpec.describe 'draw' do
  let(:client) { TaskerCore.on(Database.connection) }
  # The third step took 3 s, the second is running for 90 s, the fourth waits.
  let(:flow) do
    Rows.workflow(steps: [{ state: 'complete', attempts: 1 }, { state: 'in_progress', state_ago: 90, attempts: 2 },
                          { state: 'complete', attempts: 1 }, {}],
                  edges: [[1, 2], [1, 3], [2, 4], [3, 4]], state: 'in_progress').tap { |made| ran(made[3], 3) }
  end

  # Adds the audit row with which a step began, so many seconds before its last one.
  def ran(step_id, seconds)
    Tasker::WorkflowStepTransition.connection.execute(<<~SQL)
      INSERT INTO tasker_workflow_step_transitions
        (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT workflow_step_id, 'in_progress', 5, false, '{}', created_at - interval '#{seconds} seconds', updated_at
      FROM tasker_workflow_step_transitions WHERE workflow_step_id = #{step_id}
    SQL
  end

  def texts(svg) = REXML::XPath.match(REXML::Document.new(svg), '//text').map(&:text)

  describe 'a diamond at work', :database do
    it 'gives an SVG document with what each step is and took' do
      svg = client.draw(flow.task_id)

      expect(REXML::Document.new(svg).root.name).to eq('svg')
      expect(texts(svg)).to include('default/spec_task 0.1.0', 'step_1', 'complete', '3.00 s', 'in progress',
                                    '1 m 30 s', '2 of 3 attempts', 'pending', "##{flow[4]}")
      expect(svg.scan(/data-step="(\d+)"/).flatten.map(&:to_i)).to eq(flow.step_ids)
      expect(texts(svg).join)
        .to include("task #{flow.task_id} · in progress · 2 of 4 steps done · critical path 1 m 30 s over 2 steps")
    end

    it 'gives the text of a Mermaid flowchart, with thick arrows along the critical path' do
      mermaid = client.draw(flow.task_id, format: :mermaid)

      expect(mermaid).to include('flowchart ', "step_#{flow[1]} ==> step_#{flow[2]}",
                                 "step_#{flow[1]} --> step_#{flow[3]}",
                                 "step_#{flow[4]}[\"step_4<br/>○ pending\"]:::pending")
    end

    it 'draws the same in a Rails application, on the connection of the models' do
      expect(TaskerCore.draw(flow.task_id, format: 'mermaid')).to eq(client.draw(flow.task_id, format: :mermaid))
    end

    it 'gives nothing for an unknown task, and a picture for one without steps' do
      expect(client.draw(0)).to be_nil
      expect(texts(client.draw(Rows.task))).to include('This task has no steps.')
    end

    it 'refuses other formats, and steps in a circle' do
      expect { client.draw(flow.task_id, format: :png) }
        .to raise_error(TaskerCore::InvalidArgument, /format is "png"; it must be svg or mermaid/)
      circle = Rows.workflow(steps: 2, edges: [[1, 2], [2, 1]])
      expect { client.draw(circle.task_id) }.to raise_error(TaskerCore::CycleError)
    end
  end

  describe 'what workflows of the engine have run', database: :committed do
    it 'is measured from the first time in progress to the end, over the pool as over Active Record' do
      task = Rows.workflow(steps: [{ state: 'error' }])
      step = task[1]
      client.transition_step!(step, to: 'pending')
      client.transition_step!(step, to: 'in_progress')
      client.transition_step!(step, to: 'complete')
      svg = client.draw(task.task_id)

      expect(texts(svg)).to include('1 complete', a_string_matching(/\A\d+ (ms|µs)\z/))
      expect(TaskerCore.open(database_url: Database.url) { |pool| pool.draw(task.task_id) }).to eq(svg)
    end
  end

  describe 'rake tasker_core:graph', :database do
    def rake(*arguments)
      Rake.with_application(Rake::Application.new) do
        Rake::Task.define_task(:environment)
        load File.expand_path('../../../lib/tasker_core/rails/tasker_core.rake', __dir__)
        Rake::Task['tasker_core:graph'].invoke(*arguments)
      end
    end

    it 'writes a file in the form that its name asks for' do
      Dir.mktmpdir do |folder|
        svg = File.join(folder, 'task.svg')
        mermaid = File.join(folder, 'task.mmd')
        [svg, mermaid].each { |file| rake(flow.task_id.to_s, file) }

        expect(File.read(svg)).to eq(client.draw(flow.task_id))
        expect(File.read(mermaid)).to eq(client.draw(flow.task_id, format: :mermaid))
      end
    end

    it 'prints where no file is named, and says so where there is no task' do
      expect { rake(flow.task_id.to_s) }.to output(/\A<svg /).to_stdout
      expect { rake('0') }.to raise_error(SystemExit).and output("There is no task 0.\n").to_stderr
      [[], ['seven']].each { |odd| expect { rake(*odd) }.to raise_error(SystemExit).and output(/Which task/).to_stderr }
    end
  end
end
