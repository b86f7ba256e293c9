# frozen_string_literal: true

require 'active_support/testing/time_helpers'
require_relative 'parity_helper'

# The engine's two state machines with the real Statesman, by the engine and by the
# core.
RSpec.describe 'the state machines of tasker-engine', :parity do
  vectors = JSON.parse(File.read(File.expand_path('../fixtures/parity/state-machine-vectors.json', __dir__)))
  forms = %w[transition_to! transition_to safe_transition_to can_transition_to?]

  let(:mover) { Class.new { include Tasker::Concerns::IdempotentStateTransitions }.new }
  let(:events) { [] }

  before do
    names = [Tasker::Constants::TaskEvents, Tasker::Constants::StepEvents].flat_map do |group|
      group.constants.map { |constant| group.const_get(constant) }
    end
    @listener = ->(event) { events << event.id }
    names.each { |name| Tasker::Events::Publisher.instance.subscribe(name, &@listener) }
  end

  after do
    Tasker::Events::Publisher.instance.unsubscribe(@listener)
    switch(:off)
  end

  def switch(value) = TaskerCore.configure { |config| config.state_transitions = value }

  def step(from, parent: 'complete')
    flow = Rows.workflow(steps: [{ state: parent }, { state: from }], edges: [[1, 2]])
    Tasker::WorkflowStep.find(flow[2])
  end

  def task(from, steps: 'complete') = Tasker::Task.find(Rows.workflow(steps: [{ state: steps }], state: from).task_id)

  def rows_of(object) = object.is_a?(Tasker::Task) ? object.task_transitions : object.workflow_step_transitions

  def audit(object)
    rows_of(object.class.find(object.id)).order(:sort_key).map do |row|
      [row.from_state, row.to_state, row.sort_key, row.most_recent, row.metadata]
    end
  end

  def move(object, form, to, metadata = { why: 'vector' })
    case form
    when 'safe_transition_to' then mover.safe_transition_to(object, to, metadata)
    when 'can_transition_to?' then object.state_machine.can_transition_to?(to)
    else object.state_machine.public_send(form, to, metadata)
    end
  end

  # What a form does, as the recorded cases have it.
  def done(object, form, to)
    events.clear
    answer = begin
      { 'returned' => move(object, form, to) }
    rescue StandardError => e
      { 'raised' => e.class.name, 'message' => e.message }
    end
    answer['events'] = events.dup
    form == 'can_transition_to?' ? answer : answer.merge('rows' => audit(object), 'status' => object.status)
  end

  %i[active shadow].each do |value|
    describe "switched to #{value}, as recorded" do
      before { switch(value) }

      after { expect(TaskerCore::Reporting.counts).to be_empty }

      vectors['step'].product(forms).each do |vector, form|
        it "step #{vector['from'].inspect} to #{vector['to']}, #{vector['parent']}: #{form}" do
          object = step(vector['from'], parent: vector['parent'].delete_prefix('parent_'))
          answer = nil
          expect(core_statements { answer = done(object, form, vector['to']) }).to be_positive
          expect(answer).to eq(vector[form])
        end
      end

      vectors['task'].product(forms).each do |vector, form|
        it "task #{vector['from'].inspect} to #{vector['to']}, #{vector['steps']}: #{form}" do
          object = task(vector['from'], steps: ('complete' if vector['steps'] == 'steps_complete'))
          answer = nil
          expect(core_statements { answer = done(object, form, vector['to']) }).to be_positive
          expect(answer).to eq(vector[form])
        end
      end
    end
  end

  # Runs a block by the engine and by the core and expects equal answers.
  def expect_alike(&block)
    switch(:off)
    expected = outcome(&block)
    switch(:active)
    actual = nil
    expect(core_statements { actual = outcome(&block) }).to be_positive
    expect(actual).to eq(expected)
    expect(TaskerCore::Reporting.counts).to be_empty
    expected
  end

  def outcome
    events.clear
    [yield, events.dup]
  rescue StandardError => e
    [e.class, e.message.gsub(/\d+/, 'n'), events.dup]
  end

  describe 'alike by both' do
    it 'conditional_transition_to' do
      expect_alike do
        [mover.conditional_transition_to(step('pending'), 'in_progress', %w[pending]),
         mover.conditional_transition_to(step('pending'), 'pending', %w[pending]),
         mover.conditional_transition_to(step('error'), 'in_progress', %w[pending])]
      end
      expect_alike { mover.conditional_transition_to(step('pending'), 'complete', %w[pending]) }
    end

    it 'history, last_transition, last_transition_to, allowed_transitions and in_state?' do
      plain = ->(row) { row&.slice('from_state', 'to_state', 'sort_key', 'most_recent', 'metadata') }
      expect_alike do
        one = step(nil)
        machine = one.state_machine
        before = [machine.history.to_a, machine.last_transition]
        machine.transition_to!('in_progress', a: 1)
        machine.transition_to!('error')
        [before, machine.history.map(&plain), plain[machine.last_transition],
         plain[machine.last_transition_to('in_progress')], machine.allowed_transitions, machine.in_state?('error'),
         machine.in_state?('pending', 'complete'), one.status]
      end
    end

    it 'what the object has in memory afterwards' do
      [false, true].each do |loaded|
        %w[in_progress complete].each do |to|
          expect_alike do
            one = step('pending')
            rows_of(one).load if loaded
            one.state_machine.transition_to(to)
            association = one.association(:workflow_step_transitions)
            rows = association.target.map do |row|
              [row.to_state, row.sort_key, row.most_recent, row.persisted?, row.changed?]
            end
            [association.loaded?, rows,
             rows_of(one).to_a.map { |row| [row.to_state, row.sort_key] }, one.changed?, one.save!,
             rows_of(Tasker::WorkflowStep.find(one.id)).count]
          end
        end
      end
    end

    it 'after reload' do
      expect_alike do
        one = step('pending')
        all = task('pending')
        one.state_machine.transition_to!('in_progress')
        all.state_machine.transition_to!('in_progress')
        # The engine's Task#reload answers nil.
        [one.reload.status, all.reload, all.status, one.state_machine.last_transition.to_state]
      end
    end

    it 'strange targets and metadata' do
      [[:in_progress, {}], ['nonsense', {}], [nil, {}], ['in_progress', nil],
       ['in_progress', { 'a' => [1, { b: nil }] }],
       ['in_progress', { at: Time.utc(2024, 1, 2), big: 2**70, d: BigDecimal('1.10'), s: :symbol }],
       %w[in_progress text], ['in_progress', []], ['in_progress', { "quote'\"\\" => 'ü ☃ ' }]].each do |to, metadata|
        expect_alike do
          # Metadata that is no Hash goes to the engine; of that the core reads the state.
          one = step('pending')
          before = one.status
          Database.connection.transaction(requires_new: true) { one.state_machine.transition_to!(to, metadata) }
          [before, audit(one)]
        end
      end
    end

    it 'times of the rows under travel_to' do
      extend ActiveSupport::Testing::TimeHelpers
      expect_alike do
        travel_to(Time.utc(2030, 5, 6, 7, 8, 9)) do
          one = step('pending')
          one.state_machine.transition_to!('in_progress')
          rows_of(one).order(:sort_key).map { |row| [row.updated_at, row.sort_key == 20 ? row.created_at : nil] }
        end
      end
    end

    it 'guards and all_steps_complete? on random tasks' do
      (1..30).each do |seed|
        flow = random_task(Random.new(seed), size: 8)
        expect_alike { Tasker::Task.find(flow.task_id).all_steps_complete? }
        next if flow.step_ids.empty?

        expect_alike do
          Tasker::WorkflowStep.find(flow.step_ids).map do |one|
            Tasker::StateMachine::StepStateMachine.step_dependencies_met?(one)
          end
        end
        expect_alike do
          Tasker::WorkflowStep.find(flow.step_ids).map do |one|
            [one.status, one.state_machine.allowed_transitions]
          end
        end
      end
    end

    # The event tells of the row in the database: not of what the object has in memory.
    it 'payloads of a step that was changed in memory and elsewhere' do
      payloads = []
      listener = ->(event) { payloads << event.payload }
      %w[step.failed step.initialize_requested step.execution_requested step.cancelled].each do |name|
        Tasker::Events::Publisher.instance.subscribe(name, &listener)
      end
      expect_alike do
        payloads.clear
        object = step('error')
        changes = { results: { 'error' => 'x', 'list' => [1, nil] }, attempts: 2, inputs: { 'a' => 1.5 },
                    last_attempted_at: Time.utc(2025, 1, 2, 3, 4, 5, 678_901) }
        Tasker::WorkflowStep.where(workflow_step_id: object.id).update_all(changes)
        object.attempts = 9
        object.named_step.name = 'renamed in memory'
        %w[pending in_progress error pending cancelled].each { |state| object.state_machine.transition_to!(state) }
        payloads.map do |payload|
          expect(payload.values_at(:task_id, :step_id)).to eq([object.task_id, object.id])
          payload.except(:timestamp, :transitioned_at, :task_id, :step_id)
        end
      end
      expect(payloads.size).to eq(5)
    ensure
      Tasker::Events::Publisher.instance.unsubscribe(listener)
    end

    it 'a step that is deleted' do
      expect_alike do
        one = step('pending')
        copy = Tasker::WorkflowStep.find(one.id)
        one.destroy!
        Database.connection.transaction(requires_new: true) { copy.state_machine.transition_to!('in_progress') }
      end
    end
  end

  describe 'callbacks of an application, alike by both' do
    let(:machine) { Tasker::StateMachine::StepStateMachine }
    let(:task_machine) { Tasker::StateMachine::TaskStateMachine }
    let(:seen) { [] }

    around do |example|
      kept = [machine, task_machine].to_h { |one| [one, one.callbacks.transform_values(&:dup)] }
      example.run
    ensure
      kept.each { |one, lists| one.callbacks.replace(lists) }
    end

    def note(name) = proc { |object, row|
                       seen << [name, object.class, row.to_state, row.from_state, row.sort_key && row.most_recent]
                     }

    def expect_seen_alike
      expect_alike do
        seen.clear
        [yield, seen.dup]
      end
    end

    it 'run at the same points' do
      [machine, task_machine].each do |one|
        one.guard_transition(to: 'in_progress') { |_, last, metadata| seen << [:guard, last&.to_state, metadata] }
        one.after_transition(from: 'pending', to: 'in_progress', &note(:after_from))
        one.after_transition(from: 'error', &note(:never))
        one.after_transition(&note(:after))
        one.after_transition_failure { |_, error| seen << [:failure, error.message] }
        one.after_guard_failure { |_, error| seen << [:guard_failure, error.message] }
      end
      events = Tasker::Events::Publisher.instance
      listener = ->(event) { seen << [:event, event.id] }
      %w[step.execution_requested task.start_requested task.before_transition].each do |name|
        events.subscribe(name, &listener)
      end
      %i[step task].each do |kind|
        expect_seen_alike { send(kind, 'pending').state_machine.transition_to('in_progress', 'a' => 1) }
        expect_seen_alike { send(kind, 'complete').state_machine.transition_to('in_progress') }
      end
      expect_seen_alike { step('pending', parent: 'error').state_machine.transition_to('in_progress') }
    ensure
      events&.unsubscribe(listener)
    end

    it 'before the write see the target, and may change the metadata' do
      machine.before_transition { |object, row| seen << [object.class, row.to_state, row.metadata, row.persisted?] }
      machine.before_transition { |_, row| row.metadata = { 'by' => 'callback' } }
      expect_seen_alike do
        one = step('pending')
        [one.state_machine.transition_to('in_progress', 'a' => 1), audit(one)]
      end
    end

    it 'that raise take everything back, and the error goes through' do
      machine.after_transition(to: 'in_progress') { raise TypeError, 'after' }
      machine.before_transition(to: 'cancelled') { raise ArgumentError, 'before' }
      %w[in_progress cancelled].each do |to|
        expect_alike do
          one = step('pending')
          error = begin
            one.state_machine.transition_to!(to)
          rescue StandardError => e
            [e.class, e.message]
          end
          [error, audit(one)]
        end
      end
    end

    it 'after the commit run when the real transaction ends' do
      machine.after_transition(after_commit: true, &note(:committed))
      # A joinable: false transaction around it, as fixtures have: its savepoint's end counts.
      expect_seen_alike { step('pending').state_machine.transition_to!('in_progress') }
      expect_seen_alike do
        Database.connection.transaction(requires_new: true) do
          step('pending').state_machine.transition_to!('in_progress')
          raise ActiveRecord::Rollback
        end
      end
    end
  end

  describe 'the states of many objects in one answer, alike by both' do
    let!(:flows) do
      Array.new(3) do |n|
        Rows.workflow(steps: [{ state: 'complete' }, { state: 'error' }, {}], state: %w[pending error][n])
      end
    end

    # @return [Array] the answer by the core, and how often it read a state
    def expect_one_statement_a_list(lists, &)
      read = []
      counter = ->(*, payload) { read << payload[:sql] if payload[:sql].match?(/to_state.*FROM .*transitions/m) }
      expected = switch(:off) && yield
      switch(:active)
      ActiveSupport::Notifications.subscribed(counter, 'sql.active_record') { expect(yield).to eq(expected) }
      expect(read.size).to eq(lists)
      expected
    end

    def json(controller, action, **params)
      env = Rack::MockRequest.env_for('/', params:)
      env['action_dispatch.request.path_parameters'] = { controller: controller.controller_path, action:, **params }
      status, _, body = controller.action(action).call(env)
      expect(status).to eq(200)
      JSON.parse(body.each.to_a.join)
    end

    it 'REST: tasks' do
      # The tasks' own states, and those of the steps of each.
      answer = expect_one_statement_a_list(4) { json(Tasker::TasksController, 'index') }
      expect(answer['tasks'].map { |task| task['status'] }).to match_array(%w[pending error pending])
    end

    it 'REST: a task' do
      expect_one_statement_a_list(2) { json(Tasker::TasksController, 'show', id: flows[1].task_id) }
    end

    it 'REST: the steps of a task' do
      answer = expect_one_statement_a_list(1) do
        json(Tasker::WorkflowStepsController, 'index', task_id: flows[0].task_id)
      end
      expect(answer['steps'].map { |step| step['status'] }).to match_array(%w[complete error pending])
    end

    it 'GraphQL: tasks and their steps' do
      query = '{ tasks { taskId status workflowSteps { workflowStepId status } } }'
      answer = expect_one_statement_a_list(4) { Tasker::TaskerRailsSchema.execute(query).to_h }
      expect(answer.dig('data', 'tasks').flat_map { |task| task['workflowSteps'] }.size).to eq(9)
    end

    it 'GraphQL: cancelling goes through the core, and the answer is of after it' do
      query = lambda { |id, step|
        "mutation { cancelStep(input: { taskId: #{id}, stepId: #{step} }) { workflowStepId status } }"
      }
      off, active = %i[off active].zip(flows).map do |value, flow|
        switch(value)
        Tasker::TaskerRailsSchema.execute(query[flow.task_id, flow[3]]).to_h.to_s.gsub(/\d+/, 'n')
      end
      expect(active).to eq(off)
      expect(active).to include('cancelled')
    end
  end
end
