# frozen_string_literal: true

require_relative 'parity_helper'

RSpec.describe 'the relations of Tasker::StepDagRelationship', :parity do
  # Whether the relation goes around the view is told by its SQL; what it gives is
  # compared with the view's own rows.
  def expect_equal_rows(bounded: true, &relation)
    expect_equal_answers(statements: 0) { sorted(relation.call) }
    statements = sql_of { sorted(relation.call) }.grep(/tasker_step_dag_relationships/)
    expect(statements).not_to be_empty
    expect(statements.all?(/WITH RECURSIVE chosen/)).to be(bounded)
  end

  def sorted(answer)
    return answer unless answer.is_a?(ActiveRecord::Relation)

    answer.order_values.empty? ? answer.to_a.sort_by(&:workflow_step_id) : answer.to_a
  end

  def sql_of(&)
    seen = []
    listener = ->(*, payload) { seen << payload[:sql] unless payload[:name] == 'SCHEMA' }
    ActiveSupport::Notifications.subscribed(listener, 'sql.active_record', &)
    seen
  end

  let(:dag) { Tasker::StepDagRelationship }

  (1..15).each do |seed|
    context "with random tasks of seed #{seed}" do
      let(:random) { Random.new(seed) }
      let!(:tasks) { random_tasks(random) }
      let(:ids) { tasks.map(&:task_id) }
      let(:step_ids) { tasks.flat_map(&:step_ids).sample(6, random:) + [1_000_000_000] }

      it 'have the rows of the view' do
        ids.each { |id| expect_equal_rows { dag.where(task_id: id) } }
        expect_equal_rows { dag.where(task_id: ids) }
        expect_equal_rows { dag.where(workflow_step_id: step_ids) }
        expect_equal_rows { dag.for_task(ids.last).where(workflow_step_id: step_ids) }
      end
    end
  end

  context 'with tasks of some steps' do
    let!(:task) { Rows.workflow(steps: 6, edges: [[1, 2], [1, 3], [2, 4], [3, 4], [4, 5]]) }
    let!(:other) { Rows.workflow(steps: 3, edges: [[1, 2]]) }
    let(:id) { task.task_id }

    before { Rows.insert_edges([[task[5], other[1]]]) }

    {
      'scopes' => -> { [ordered.root_steps, ordered.leaf_steps, ordered.with_parents].map(&:to_a) },
      'scopes by children' => -> { ordered.with_children },
      'order, limit and offset' => -> { own.order(parent_count: :desc, workflow_step_id: :asc).limit(3).offset(1) },
      'further conditions' => -> { own.where('child_count > 0').where.not(workflow_step_id: 1) },
      'count' => -> { own.with_parents.count },
      'sums and groups' => -> { own.group(:is_root_step).sum(:child_count) },
      'pluck' => -> { ordered.pluck(:workflow_step_id, :parent_step_ids, :min_depth_from_root) },
      'select' => -> { own.select(:workflow_step_id, :child_step_ids) },
      'exists?' => -> { [own.exists?, own.exists?(is_leaf_step: true), dag.exists?(task_id: id)] },
      'joins' => -> { own.joins(:task, :workflow_step).where(tasker_tasks: { task_id: id }) },
      'includes' => -> { with_steps(ordered.includes(:workflow_step)) },
      'eager_load' => -> { with_steps(ordered.eager_load(:workflow_step)) },
      'merge' => -> { own.merge(dag.leaf_steps) },
      'a subquery elsewhere' => -> { steps.where(workflow_step_id: own.leaf_steps.select(:workflow_step_id)) },
      'a relation as the condition' => -> { dag.where(task_id: Tasker::Task.where(task_id: id).select(:task_id)) },
      'find and find_by' => -> { [dag.find(task[3]), dag.find([task[1], task[2]]), dag.find_by(task_id: id)].flatten },
      'find_each' => -> { own.find_each(batch_size: 2).to_a },
      'nil and unknown ids' => -> { [dag.where(task_id: nil).to_a, dag.where(task_id: -1).to_a] },
      'first and last' => -> { [own.first, own.last] },
      'rewhere' => -> { dag.where(task_id: -1).rewhere(task_id: id) },
      'siblings_of' => -> { dag.siblings_of(task[2]) },
      'has_one, preloaded' => -> { depths(steps.where(task_id: id).includes(:step_dag_relationship)) },
      'has_one, one by one' => -> { depths(steps.where(task_id: id)) }
    }.each do |what, relation|
      it "chain as before: #{what}" do
        expect_equal_rows { instance_exec(&relation) }
      end
    end

    def own = dag.where(task_id: id)
    def ordered = own.order(:workflow_step_id)
    def steps = Tasker::WorkflowStep.order(:workflow_step_id)
    def with_steps(rows) = rows.map { |row| [row.attributes, row.workflow_step.attributes] }
    def depths(rows) = rows.map { |step| step.step_dag_relationship.attributes }

    it 'count no depth past 50, nor in a circle' do
      long = Rows.workflow(steps: 55, edges: (1..54).map { |n| [n, n + 1] })
      expect_equal_rows { dag.where(task_id: long.task_id) }
      circle = Rows.workflow(steps: 4, edges: [[1, 2], [2, 3], [3, 1], [3, 4]])
      expect_equal_rows { dag.where(task_id: circle.task_id) }
    end

    it 'go to the view where they name neither tasks nor steps' do
      expect_equal_rows(bounded: false) { dag.all }
      expect_equal_rows(bounded: false) { dag.root_steps }
      expect_equal_rows(bounded: false) { dag.where(task_id: [nil, id]) }
      expect_equal_rows(bounded: false) { dag.where.not(task_id: id) }
      expect_equal_rows(bounded: false) { dag.where(task_id: id).or(dag.where(task_id: other.task_id)) }
      expect_equal_rows(bounded: false) { dag.where('task_id = ?', id) }
      expect_equal_rows(bounded: false) { dag.from('tasker_step_dag_relationships').where(task_id: id) }
    end

    it 'go to the view where what bounds them names something outside' do
      tasks = Tasker::Task.arel_table
      expect_equal_rows(bounded: false) { dag.joins(:task).where(dag.arel_table[:task_id].eq(tasks[:task_id])) }
      inner = Tasker::WorkflowStep.where('tasker_workflow_steps.task_id = tasker_step_dag_relationships.task_id')
      expect_equal_rows(bounded: false) { dag.where(workflow_step_id: inner.select(:workflow_step_id)) }
    end

    it 'are compared in shadow mode, and equal' do
      TaskerCore.configure { |c| c.dependency_resolution = :shadow }
      rows = nil
      statements = sql_of { rows = dag.where(task_id: id).order(:workflow_step_id).to_a }
      expect(rows.size).to eq(6)
      expect(statements.grep(/tasker_step_dag_relationships/).size).to eq(2)
      expect(TaskerCore::Reporting.counts).to be_empty
    end
  end
end
