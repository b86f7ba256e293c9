# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/scripted'
require_relative '../support/written_rows'

# Whole runs on the real engine: as recorded, and as the engine itself runs them
# beside. All threads share the example's connection, as under transactional
# fixtures.
RSpec.describe 'orchestration' do
  include WrittenRows

  recorded = JSON.parse(File.read(File.expand_path('../fixtures/parity/event-streams.json', __dir__)))
  graphs = { 'vec_linear4' => { 's1' => [], 's2' => ['s1'], 's3' => ['s2'], 's4' => ['s3'] },
             'vec_diamond' => { 'a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c] },
             'vec_fail_last' => { 'a' => [], 'b' => ['a'] } }

  groups = [Tasker::Constants::TaskEvents, Tasker::Constants::StepEvents, Tasker::Constants::WorkflowEvents,
            Tasker::Constants::ObservabilityEvents::Task, Tasker::Constants::ObservabilityEvents::Step]
  names = groups.flat_map { |group| group.constants.map { |name| group.const_get(name) } }.grep(String)
  seen = nil
  mutex = Mutex.new
  names.each do |name|
    Tasker::Events::Publisher.instance.subscribe(name) do |event|
      mutex.synchronize { seen&.push([name, event.payload.dup]) }
    end
  end

  around do |example|
    ActiveJob::Base.queue_adapter = :test
    pool = ActiveRecord::Base.connection_pool
    pool.pin_connection!(true)
    example.run
  ensure
    pool.unpin_connection!
    TaskerCore.configure do |c|
      c.state_transitions = c.orchestration = :off
      c.deduplicate_events = false
    end
    Scripted.forget
  end

  def switch(value) = TaskerCore.configure do |c|
                        c.dependency_resolution = c.state_transitions = c.orchestration = value
                      end

  def task_of(name, graph)
    scripts = graph.keys.to_h do |step|
      fails = name == 'vec_fail_last' && step == 'b'
      [step, fails ? ->(*) { raise 'boom' } : ->(*) { { 'n' => step, 'ok' => true } }]
    end
    Scripted.task(graph, scripts, retry_limit: name == 'vec_fail_last' ? 1 : 3)
  end

  # Runs a task and gives its events.
  define_method(:run) do |value, task|
    switch(value)
    seen = []
    Timeout.timeout(60) { Scripted.handle(task) }
    seen
  ensure
    events = seen
    seen = nil
    return events # rubocop:disable Lint/EnsureReturn -- an error shows in what follows
  end

  run_specific = %i[timestamp correlation_id task_context task_name backtrace step_inputs].freeze
  # What stands for a value that differs from run to run: ids by the steps' names, of
  # times and objects their class.
  stand_ins = {
    /\Atask_id\z/ => ->(value, _, task) { value == task.task_id },
    /\A(workflow_)?step_id\z/ => ->(value, steps, _) { steps.fetch(value.to_i) },
    /step_ids\z/ => ->(value, steps, _) { Array(value).map { |id| steps.fetch(id.to_i) } },
    /\Astep_results\z/ => ->(value, _, _) { value&.except('backtrace') },
    /(_at|_time|duration|_ms)\z|\A(exception_object|error|task)\z/ => ->(value, _, _) { value.class }
  }.freeze

  define_method(:comparable) do |payload, task|
    steps = Tasker::WorkflowStep.where(task_id: task.task_id).to_h { |step| [step.workflow_step_id, step.name] }
    payload.except(*run_specific).to_h do |key, value|
      stand_in = stand_ins.find { |pattern, _| pattern.match?(key.to_s) }&.last
      [key, stand_in ? stand_in.call(value, steps, task) : value]
    end
  end

  recorded.each do |name, run|
    it "runs #{name} as recorded" do
      task = task_of(name, graphs.fetch(name))
      events = run(:active, task)
      found = events.map(&:first)

      expect(found.tally).to eq(run['handle_events'].tally)
      expect(found).to eq(run['handle_events']) unless name == 'vec_diamond'
      keys = events.group_by(&:first).transform_values do |list|
        list.map do |_, payload|
          payload.keys.map(&:to_s).sort
        end.uniq
      end
      found.uniq.each { |event| expect(run['payload_keys'].fetch(event)).to include(*keys.fetch(event)), event }
      expect(step_transitions(task)).to match_array(run['step_transitions'])
      expect(task_transitions(task)).to eq(run['task_transitions'])
      expect(columns(task)).to eq(run['steps'])
      expect(Tasker::Task.find(task.task_id).complete).to eq(run['task_complete'])
      expect(ActiveJob::Base.queue_adapter.enqueued_jobs).to be_empty
      expect(TaskerCore::Reporting.counts).to be_empty
    end

    %i[off active].each do |orchestration|
      it "publishes each happening of #{name} once where duplicates are removed, orchestration #{orchestration}" do
        TaskerCore.configure { |c| c.deduplicate_events = true }
        events = run(orchestration, task_of(name, graphs.fetch(name)))
        times = TaskerCore.events.kept.transform_values { |kept| kept['times'] }
        once = run['handle_events'].tally.to_h { |event, count| [event, count / times.fetch(event, 1)] }

        expect(events.map(&:first).tally).to eq(once)
        events.each do |event, payload|
          next if event.start_with?('task.')

          expect(payload.keys.map(&:to_s)).to include(*run['payload_keys'][event].flatten), event
        end
      end
    end

    it "publishes for #{name} what the engine publishes, value by value" do
      ours, theirs = Array.new(2) { task_of(name, graphs.fetch(name)) }
      by_core = run(:active, ours).map { |event, payload| [event, comparable(payload, ours)] }
      by_engine = run(:off, theirs).map { |event, payload| [event, comparable(payload, theirs)] }

      expect(by_core).to name == 'vec_diamond' ? match_array(by_engine) : eq(by_engine)
      expect(columns(ours)).to eq(columns(theirs))
    end
  end

  it 'runs random tasks to the states and events of the engine' do
    random = Random.new(5)
    5.times do
      names = Array.new(random.rand(2..7)) { |n| "s#{n}" }
      graph = names.each_with_index.to_h { |step, n| [step, names.first(n).select { random.rand < 0.4 }] }
      failing = random.rand < 0.5 ? names.sample(random:) : nil
      ours, theirs = Array.new(2) do
        Scripted.task(graph, names.to_h do |step|
                               [step, if step == failing
                                        ->(*) { raise 'boom' }
                                      else
                                        lambda { |*|
                                          { 'v' => step }
                                        }
                                      end]
                             end,
                      retry_limit: 1)
      end
      by_core = run(:active, ours)
      by_engine = run(:off, theirs)

      expect(columns(ours)).to eq(columns(theirs))
      expect(step_transitions(ours)).to eq(step_transitions(theirs))
      expect(task_transitions(ours)).to eq(task_transitions(theirs))
      counts = ->(events) { events.map(&:first).grep(/\A(step|task)\./).tally }
      expect(counts[by_core]).to eq(counts[by_engine])
    end
  end
end
