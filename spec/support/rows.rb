# frozen_string_literal: true

require 'securerandom'

# Rows of the engine's tables, inserted in bulk and without its validations: specs
# need states that the engine would refuse or take long to reach.
module Rows
  # A task with steps and edges as they were inserted.
  Workflow = Struct.new(:task_id, :step_ids, keyword_init: true) do
    # @param key [Integer] the step's place, from 1
    def [](key) = step_ids.fetch(key - 1)
  end

  STEP_DEFAULTS = { retryable: true, retry_limit: 3, in_process: false, processed: false, processed_at: nil,
                    attempts: 0, last_attempted_at: nil, backoff_request_seconds: nil, inputs: nil, results: nil,
                    skippable: false }.freeze

  module_function

  # Inserts a task with its steps, edges and states.
  #
  # @param steps [Integer, Array<Hash>] how many, or each one's columns; beside
  #   those :state, :state_ago (seconds), :history (how many older audit rows)
  # @param edges [Array<Array(Integer, Integer)>] places of steps, from 1
  # @param state [String, nil] of the task; nil for a task without an audit row
  # @return [Workflow]
  def workflow(steps: 1, edges: [], state: nil, context: {})
    steps = Array.new(steps) { {} } if steps.is_a?(Integer)
    task_id = task(state:, context:)
    ids = insert_steps(task_id, steps)
    insert_edges(edges.map { |from, to| [ids.fetch(from - 1), ids.fetch(to - 1)] })
    insert_step_transitions(ids.zip(steps))
    Workflow.new(task_id:, step_ids: ids)
  end

  # @return [Integer] the id of a task without steps
  def task(state: nil, context: {})
    row = { named_task_id:, complete: state == 'complete', requested_at: now, context:,
            identity_hash: SecureRandom.hex(32) }
    id = insert(Tasker::Task, [row]).first
    insert(Tasker::TaskTransition, [{ task_id: id, **audit(state, 10) }]) if state
    id
  end

  # The transaction's now as the SQL functions see it, less some seconds.
  def now(ago = 0)
    text = Database.connection.uncached { Database.connection.select_value('SELECT LOCALTIMESTAMP::text') }
    Time.find_zone!('UTC').parse(text) - ago.to_s.to_r
  end

  def insert_steps(task_id, steps)
    names = named_step_ids(steps.size)
    insert(Tasker::WorkflowStep, steps.each_with_index.map do |step, place|
      { **STEP_DEFAULTS, **step.slice(*STEP_DEFAULTS.keys), task_id:, named_step_id: names[place] }
    end)
  end

  # @param pairs [Array<Array(Integer, Integer)>] step ids, parent first
  def insert_edges(pairs)
    insert(Tasker::WorkflowStepEdge, pairs.map { |from, to| { from_step_id: from, to_step_id: to, name: 'provides' } })
  end

  def insert_step_transitions(steps)
    moment = now
    rows = steps.flat_map do |id, step|
      next [] unless step[:state]

      history = step.fetch(:history, 0)
      earlier = Array.new(history) { |n| audit('error', (n + 1) * 10, moment - 86_400, most_recent: false) }
      latest = audit(step[:state], (history + 1) * 10, moment - step.fetch(:state_ago, 0).to_s.to_r)
      [*earlier, latest].map { |row| { workflow_step_id: id, **row } }
    end
    insert(Tasker::WorkflowStepTransition, rows)
  end

  # @return [Array<Integer>] the new rows' ids, in the order given
  def insert(model, rows)
    return [] if rows.empty?

    moment = now
    stamped = rows.map { |row| { created_at: moment, updated_at: moment, **row } }
    stamped.each_slice(2000).flat_map do |slice|
      model.insert_all!(slice, returning: [model.primary_key.to_sym]).rows.flatten
    end
  end

  def audit(state, sort_key, moment = now, most_recent: true)
    { to_state: state, sort_key:, most_recent:, metadata: {}, created_at: moment,
      updated_at: moment }
  end

  def named_task_id
    Tasker::NamedTask.find_or_create_by_full_name!(name: 'spec_task').named_task_id
  end

  # Steps of a task have names of their own: step_1, step_2, ...
  def named_step_ids(count)
    system = Tasker::DependentSystem.find_or_create_by!(name: 'spec_system').dependent_system_id
    names = Array.new(count) { |place| "step_#{place + 1}" }
    known = Tasker::NamedStep.where(dependent_system_id: system, name: names).pluck(:name, :named_step_id).to_h
    missing = names - known.keys
    ids = insert(Tasker::NamedStep, missing.map { |name| { dependent_system_id: system, name: } })
    known.merge!(missing.zip(ids).to_h)
    known.values_at(*names)
  end
end
