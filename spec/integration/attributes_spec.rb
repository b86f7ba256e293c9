# frozen_string_literal: true

require_relative 'orchestration_helper'

# What the run asks of a step's object and tells it, beside Active Record's own
# answers for the same changes.
RSpec.describe TaskerCore::Delegation::Orchestration::Attributes, :database do
  def step
    columns = { results: { 'sum' => 1, 'list' => [1, 2] }, inputs: { 'a' => nil },
                last_attempted_at: Time.utc(2025, 1, 2, 3, 4, 5, 678_901) }
    Tasker::WorkflowStep.find(Rows.workflow(steps: [columns])[1])
  end

  def shown(record) = record.attributes.except('workflow_step_id', 'task_id', 'named_step_id', 'created_at',
                                               'updated_at')

  changes = {
    'reads a document' => ->(s, _) { s.results },
    'reads a number' => ->(s, _) { s.attempts },
    'changes a document in place' => ->(s, r) { s.results['sum'] = r.rand(3) },
    'changes a list in a document' => ->(s, r) { s.results['list'] << r.rand(9) },
    'replaces a document' => ->(s, r) { s.results = { 'sum' => r.rand(3), 'list' => [] } },
    'assigns what is there' => ->(s, _) { s.retryable = s.retryable },
    'assigns a number' => ->(s, r) { s.attempts = r.rand(3) },
    'assigns a text for a number' => ->(s, r) { s.attempts = r.rand(3).to_s },
    'assigns a time' => ->(s, r) { s.last_attempted_at = Time.utc(2025, 1, 2, 3, 4, r.rand(7), 678_901) },
    'assigns nothing' => ->(s, _) { s.inputs = nil },
    'announces a change' => ->(s, _) { s.inputs_will_change! },
    'takes a change back' => ->(s, _) { s.restore_attributes(['attempts']) },
    'writes columns' => lambda { |s, r|
                          s.update_columns(results: { 'sum' => r.rand(3), 'list' => [] }, retry_limit: r.rand(9))
                        },
    'counts' => ->(s, _) { s.increment!(:attempts) },
    'saves' => ->(s, _) { s.save!(touch: false) },
    'reads anew' => ->(s, _) { s.reload },
    'asks what changed' => ->(s, _) { s.changes },
    'touches every column' => ->(s, _) { s.attributes }
  }

  define_method(:kinds_of_change) { changes }

  def change_at_random(one, seed)
    random = Random.new(seed)
    random.rand(1..7).times { kinds_of_change.values.sample(random:).call(one, random) }
    one
  end

  it 'finds the changes that Active Record finds, as it would save them' do
    150.times do |seed|
      one = change_at_random(step, seed)
      found = described_class.changes(one)
      names = one.changed_attribute_names_to_save
      expect(found.keys).to match_array(names), "seed #{seed}"
      expect(found).to eq(names.to_h { |name| [name, one.class.type_for_attribute(name).serialize(one[name])] })
    end
  end

  it 'leaves a saved object as Active Record does' do
    150.times do |seed|
      ours, theirs = [step, step].each { |one| change_at_random(one, seed) }
      described_class.applied(ours, described_class.saved(ours, described_class.changes(ours)))
      theirs.send(:changes_applied)

      expect(shown(ours)).to eq(shown(theirs)), "seed #{seed}"
      expect(ours).not_to be_changed
      expect(ours.saved_changes).to eq(theirs.saved_changes), "seed #{seed}"
    end
  end

  describe 'with attributes of an application' do
    let(:own_type) do
      Class.new(ActiveRecord::Type::Value) do
        def serialize(value) = value.to_json
        def deserialize(text) = JSON.parse(text)
        def changed_in_place?(raw, value) = deserialize(raw) != value
      end
    end

    let(:model) do
      type = own_type.new
      Class.new(Tasker::WorkflowStep) do
        attribute :results, type
        attribute :inputs, :text
        attribute :note, :string, default: 'no column'
      end
    end

    let(:record) { model.find(step.id) }

    it 'finds what was changed in place, by types that do not call themselves mutable' do
      record.update_columns(inputs: '{}')
      record.reload
      record.results['sum'] = 5
      record.inputs << ' '

      expect(described_class.changes(record).keys).to match_array(%w[results inputs])
    end

    it 'leaves out what has no column' do
      record.note = 'changed'
      record.processed_at

      expect(described_class.changes(record)).to be_empty
    end

    it 'does not take a time that was read for used' do
      2.times { record.last_attempted_at }

      expect(described_class.used?(record)).to be(false)
    end
  end

  it 'shares no value between two objects of a row' do
    row = described_class.saved(step, {})
    one, other = Array.new(2) { described_class.object(Tasker::WorkflowStep, row) }
    one.results['sum'] = 'changed'

    expect(other.results['sum']).to eq(1)
    described_class.give(one, row)
    expect(one.results['sum']).to eq(1)
    expect(one).not_to be_changed
  end
end
