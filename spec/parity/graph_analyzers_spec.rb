# frozen_string_literal: true

require_relative 'parity_helper'
require 'active_support/testing/time_helpers'

# The engine's analyzers on random graphs. They leave the order of steps and edges
# to the database and sort by score alone, so equals come as the rows are stored:
# in the order of their ids in emptied tables. They compare retries with Ruby's clock,
# the core with the transaction's: both stand still at one moment here, however long an
# example takes.
RSpec.describe 'the graph analyzers of tasker-engine' do
  include ActiveSupport::Testing::TimeHelpers

  before do
    Database.connection.execute('TRUNCATE tasker_workflow_steps, tasker_workflow_step_edges CASCADE')
    travel_to(Rows.now, with_usec: true)
  end

  after { travel_back }

  def client = TaskerCore.on(Database.connection)

  # The engine's own answer: a new analyzer over its own SQL functions.
  def engine_analysis(task_id)
    TaskerCore.configure { |c| c.dependency_resolution = :off }
    analyzer = Tasker::Analysis::RuntimeGraphAnalyzer.new(task: Tasker::Task.find(task_id))
    Rails.cache.clear
    analyzer.analyze
  ensure
    TaskerCore.configure { |c| c.dependency_resolution = :active }
  end

  # What has no order in the engine is put into ours.
  def ordered(analysis)
    graph = analysis[:dependency_graph]
    graph[:nodes] = graph[:nodes].sort_by { |node| node[:id] }
    graph[:edges] = graph[:edges].sort_by { |edge| edge.values_at(:from, :to) }
    %i[adjacency_list reverse_adjacency_list].each { |key| graph[key] = graph[key].transform_values(&:sort) }
    analysis.except(:generated_at)
  end

  def expect_same_analysis(task_id)
    found = client.analyze_graph(task_id)
    expect(found[:generated_at]).to eq(Rows.now)
    expect(ordered(found)).to eq(ordered(engine_analysis(task_id)))
  end

  def analyzable_step(random)
    { **random_step(random), attempts: random.rand(0..4), last_attempted_at: (Rows.now if random.rand < 0.5),
                             backoff_request_seconds: [nil, nil, -500, 0, 95, 210].sample(random:),
                             state_ago: [500, 2, 0, -90].sample(random:) }
  end

  # A task whose steps have attempts and edges inside the task: the engine does not
  # raise on it.
  def analyzable_task(random, size)
    count = random.rand(1..size)
    density = random.rand * 0.5
    edges = (1..count).to_a.combination(2).select { random.rand < density }
    steps = Array.new(count) { analyzable_step(random) }
    edges += edges.sample(1, random:) if random.rand < 0.2
    Rows.workflow(steps:, edges: edges.sort, state: 'in_progress')
  end

  (1..60).each do |seed|
    it "analyze a running task alike (seed #{seed})" do
      random = Random.new(seed)
      3.times { expect_same_analysis(analyzable_task(random, 13).task_id) }
    end
  end

  it 'analyze tasks that are done, that wait and that have one step alike' do
    [%w[complete complete], ['complete', nil], [nil, nil], ['error'], ['complete'], [nil]].each do |states|
      steps = states.map { |state| { state:, attempts: 1 } }
      task = Rows.workflow(steps:, edges: states.size > 1 ? [[1, 2]] : [])
      expect_same_analysis(task.task_id)
    end
  end

  (201..220).each do |seed|
    it "weigh alike, by the engine's configuration (seed #{seed})" do
      random = Random.new(seed)
      weigh(random)
      2.times { expect_same_analysis(analyzable_task(random, 12).task_id) }
    ensure
      Tasker::Configuration.reset_configuration!
    end
  end

  def weigh(random)
    Tasker.configuration.dependency_graph do |graph|
      graph.impact_multipliers = { downstream_weight: random.rand(0..9), blocked_weight: random.rand(-5..30),
                                   path_length_weight: random.rand(0..12), completed_penalty: random.rand(0..40),
                                   blocked_penalty: random.rand(0..31), retry_penalty: random.rand(-20..20) }
      graph.severity_multipliers = { error_state: random.rand.round(3), dependency_issue: 1.7 }
      graph.penalty_constants = { retry_instability: random.rand(0..7) }
      graph.severity_thresholds = { critical: 60, high: random.rand(20..50) }
      graph.duration_estimates = { base_step_seconds: random.rand(0..90), retry_penalty_seconds: 7 }
    end
  end

  it 'analyze with the first version of the SQL functions alike' do
    EngineDatabase.install_first_version
    random = Random.new(99)
    20.times { expect_same_analysis(analyzable_task(random, 12).task_id) }
  end

  describe 'on step templates' do
    def template(name, dependencies, random)
      single = dependencies.first if random.rand < 0.5
      Tasker::Types::StepTemplate.new(name:, description: "does #{name}", handler_class: Object,
                                      dependent_system: 'none', depends_on_step: single,
                                      depends_on_steps: dependencies - [single])
    end

    def random_templates(random, circles:)
      names = Array.new(random.rand(0..9)) { |place| "step_#{place}" }.shuffle(random:)
      density = random.rand * 0.5
      names.each_with_index.map do |name, place|
        possible = circles ? names : names.first(place)
        template(name, possible.select { random.rand < density }, random)
      end.shuffle(random:)
    end

    [false, true].each do |circles|
      (301..340).each do |seed|
        it "answer alike #{circles ? 'with' : 'without'} circles (seed #{seed})" do
          templates = random_templates(Random.new(seed), circles:)
          expected = Tasker::Analysis::TemplateGraphAnalyzer.new(templates).analyze
          expect(TaskerCore.analyze_templates(templates)).to eq(expected)
        end
      end
    end
  end
end
