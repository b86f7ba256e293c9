# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/written_rows'

# The recorded runs of the engine, on its stand-in: audit rows, columns, and of the
# events those that the stand-in publishes. spec/parity compares the whole streams.
RSpec.describe 'recorded runs', :orchestration, database: :committed do
  include WrittenRows

  recorded = JSON.parse(File.read(File.expand_path('../../../fixtures/parity/event-streams.json', __dir__)))
  graphs = { 'vec_linear4' => { 's1' => [], 's2' => ['s1'], 's3' => ['s2'], 's4' => ['s3'] },
             'vec_diamond' => { 'a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c] },
             'vec_fail_last' => { 'a' => [], 'b' => ['a'] } }

  # The result of a recorded step had two keys.
  def scripts(name, graph)
    graph.keys.to_h do |step|
      fails = name == 'vec_fail_last' && step == 'b'
      [step, fails ? ->(*) { raise 'boom' } : ->(*) { { 'n' => step, 'ok' => true } }]
    end
  end

  recorded.each do |name, run|
    describe name do
      let!(:task) do
        Scripted.task(graphs.fetch(name), scripts(name, graphs.fetch(name)),
                      retry_limit: name == 'vec_fail_last' ? 1 : 3)
      end

      it 'leaves the recorded rows' do
        Scripted.handle(task)

        expect(step_transitions(task)).to match_array(run['step_transitions'])
        expect(task_transitions(task)).to eq(run['task_transitions'])
        expect(columns(task)).to eq(run['steps'])
        expect(Tasker::Task.find(task.task_id).complete).to eq(run['task_complete'])
        expect(jobs).to be_empty
      end

      it "publishes each step's events as often and in the order recorded" do
        names = run['handle_events'].grep(/\Astep\./).uniq
        seen = events(*names) { Scripted.handle(task) }
        by_step = seen.group_by { |_, payload| payload[:step_name] }.values.map { |list| list.map(&:first) }

        expect(seen.map(&:first).tally).to eq(run['handle_events'].grep(/\Astep\./).tally)
        expect(by_step.uniq.size).to eq(name == 'vec_fail_last' ? 2 : 1)
      end

      it "publishes the task's events in the order recorded" do
        names = run['handle_events'].grep(/\Atask\./).uniq

        expect(events(*names) { Scripted.handle(task) }.map(&:first)).to eq(run['handle_events'].grep(/\Atask\./))
      end

      it 'publishes what the stand-in publishes without the core' do
        names = run['handle_events'].uniq
        other = Scripted.task(graphs.fetch(name), scripts(name, graphs.fetch(name)), retry_limit: 1)
        by_core = events(*names) { Scripted.handle(task) }
        TaskerCore.configure { |c| c.orchestration = :off }
        alone = events(*names) { Scripted.handle(other) }

        expect(by_core.map(&:first).tally).to eq(alone.map(&:first).tally)
      end
    end
  end
end
