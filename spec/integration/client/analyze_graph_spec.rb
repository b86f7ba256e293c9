# frozen_string_literal: true

require 'spec_helper'

RSpec.describe 'analyze_graph' do
  def analyze(task, **options) = TaskerCore.on(Database.connection).analyze_graph(task, **options)

  describe 'a diamond with a failed step', :database do
    let(:flow) do
      Rows.workflow(steps: [{ state: 'complete' }, { state: 'error', attempts: 3, state_ago: 500 }, {}, {}],
                    edges: [[1, 2], [1, 3], [2, 4], [3, 4]], state: 'in_progress')
    end
    let(:found) { analyze(flow.task_id) }

    it 'has the engine\'s keys' do
      expect(found.keys).to eq(%i[dependency_graph critical_paths parallelism_opportunities error_chains bottlenecks
                                  generated_at task_id])
      expect(found).to include(task_id: flow.task_id, generated_at: Rows.now)
    end

    it 'describes the graph by step id' do
      expect(found[:dependency_graph]).to include(
        adjacency_list: { flow[1] => [flow[2], flow[3]], flow[2] => [flow[4]], flow[3] => [flow[4]], flow[4] => [] },
        dependency_levels: { flow[1] => 0, flow[2] => 1, flow[3] => 1, flow[4] => 2 }
      )
      expect(found[:dependency_graph][:edges].first)
        .to eq(from: flow[1], to: flow[2], from_name: 'step_1', to_name: 'step_2')
    end

    # 3 steps * 10 - 1 complete * 15 + (1 blocked * 25 + 1 failed * 30) * 1.5 + 1 retry * 10 + 240 s / 60 * 2 = 115.5,
    # less 30 % of the 25 % that are done.
    it 'scores the path through the failed step highest' do
      expect(found[:critical_paths]).to include(total_paths: 2, longest_path_length: 3, root_nodes: [flow[1]],
                                                leaf_nodes: [flow[4]])
      expect(found[:critical_paths][:paths].first).to include(
        path: flow.step_ids.values_at(0, 1, 3), estimated_duration: 240, error_steps: 1,
        criticality_score: BigDecimal('115.5') * BigDecimal('0.925'), completion_percentage: 33.3
      )
    end

    it 'follows the failed step to what waits for it' do
      chain = found[:error_chains][:most_critical_error]
      expect(chain).to include(error_step_id: flow[2], downstream_steps: [flow[4]], blocked_downstream_steps: 1,
                               total_impact: 15 + 5 + 20 + 9)
      expect(found[:bottlenecks]).to include(total_bottlenecks: 1, task_completion: BigDecimal('25'),
                                             overall_impact: 'Medium')
    end

    it 'takes weights, and fills the missing ones in' do
      heavy = analyze(flow.task_id, weights: { impact_multipliers: { blocked_weight: 1000 } })
      expect(heavy[:error_chains][:most_critical_error][:total_impact]).to eq(1000 + 5 + 20 + 9)
    end

    it 'refuses weights that do not exist, are no numbers or are too large' do
      [{ impact: {} }, { impact_multipliers: { blocked: 1 } }, { penalty_constants: { exhausted_retry: 'x' } },
       { impact_multipliers: { path_length_weight: 10**9 } }].each do |weights|
        expect { analyze(flow.task_id, weights:) }.to raise_error(TaskerCore::InvalidArgument)
      end
    end
  end

  it 'answers nil for an unknown task', :database do
    expect(analyze(2**40)).to be_nil
  end

  it 'gives a task without steps an empty analysis', :database do
    found = analyze(Rows.task)
    expect(found[:critical_paths]).to include(total_paths: 0, paths: [], longest_path_length: 0)
    expect(found[:parallelism_opportunities]).to include(total_levels: 0, levels: [])
  end

  it 'raises CycleError with the path', :database do
    flow = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3], [3, 2]])
    expect { analyze(flow.task_id) }.to raise_error(TaskerCore::CycleError) { |error|
      expect(error.path).to eq([flow[2], flow[3], flow[2]])
    }
  end

  it 'counts more paths than could be listed', :database do
    layers = Array.new(60) { |layer| [(2 * layer) + 1, (2 * layer) + 2] }
    edges = layers.each_cons(2).flat_map { |above, below| above.product(below) }
    expect(analyze(Rows.workflow(steps: 120, edges:).task_id)[:critical_paths][:total_paths]).to eq(2**60)
  end

  describe 'analyze_templates' do
    it 'gives levels, roots and leaves of a handler\'s steps before anything runs' do
      found = TaskerCore.analyze_templates([%w[fetch], %w[check fetch], ['store', %w[fetch check]]])
      expect(found).to include(levels: { 'fetch' => 0, 'check' => 1, 'store' => 2 }, roots: ['fetch'], cycles: [],
                               leaves: ['store'], topology: %w[fetch check store])
      expect(found[:summary]).to eq(total_steps: 3, total_dependencies: 3, has_cycles: false, max_depth: 2,
                                    parallel_branches: 1)
    end

    it 'names circles' do
      expect(TaskerCore.analyze_templates([%w[a b], %w[b a]])[:cycles]).to eq([%w[a b a]])
    end

    it 'refuses a dependency that no step has' do
      expect { TaskerCore.analyze_templates([%w[a z]]) }
        .to raise_error(TaskerCore::InvalidArgument, /"a" depends on "z"/)
    end
  end
end
