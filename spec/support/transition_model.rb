# frozen_string_literal: true

# Random sequences of transitions in nested transactions, beside a reference model
# in plain Ruby: a list of states for each step, copied at each savepoint.
class TransitionModel
  SUCCESSORS = { 'pending' => %w[in_progress error cancelled resolved_manually],
                 'in_progress' => %w[complete error cancelled], 'error' => %w[pending resolved_manually] }.freeze
  STATES = %w[pending in_progress complete error cancelled resolved_manually].freeze
  SATISFIED = %w[complete resolved_manually].freeze
  STEPS = 4
  DEPTH = 3

  # @return [Array<Array(Array<Integer>, String, Array<String>, Array<String>)>] the
  #   places that were to move, the target, and the codes that differ from the model's
  attr_reader :differences

  # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
  # @param seed [Integer]
  def initialize(connection, seed)
    @connection = connection
    @client = TaskerCore.on(connection)
    @random = Random.new(seed)
    edges = (1..STEPS).to_a.combination(2).select { @random.rand < 0.4 }
    @parents = Array.new(STEPS) { |place| edges.filter_map { |from, to| from - 1 if to == place + 1 } }
    @flow = Rows.workflow(steps: STEPS, edges:)
    @histories = Array.new(STEPS) { [] }
    @differences = []
  end

  # @param transactions [Integer] how many on the top
  def run(transactions) = transactions.times { transaction(0) }

  # @return [Array] the audit rows as the model has them
  def expected
    @histories.map do |history|
      history.each_with_index.map { |to, n| [nil, to, (n + 1) * 10, n + 1 == history.size] }
    end
  end

  # @return [Array] the audit rows as the database has them
  def actual
    @flow.step_ids.map do |id|
      Tasker::WorkflowStepTransition.where(workflow_step_id: id).order(:sort_key)
                                    .pluck(:from_state, :to_state, :sort_key, :most_recent)
    end
  end

  private

  def transaction(depth)
    before = @histories.map(&:dup)
    @connection.transaction(requires_new: true) do
      @random.rand(1..12).times { @random.rand < 0.15 && depth < DEPTH ? transaction(depth + 1) : move }
      if @random.rand < 0.4
        @histories = before
        raise ActiveRecord::Rollback
      end
    end
  end

  def move
    places = (0...STEPS).to_a.sample(@random.rand < 0.7 ? 1 : @random.rand(2..STEPS), random: @random).sort
    to = STATES.sample(random: @random)
    # The guards of one statement see the states before it.
    expected = places.map { |place| code(place, to) }
    actual = ask(@flow.step_ids.values_at(*places), to).map(&:code)
    @differences << [places, to, expected, actual] if actual != expected
    places.zip(expected) { |place, code| @histories[place] << to if code == 'allowed' }
  end

  def ask(ids, to) = ids.one? ? [@client.transition_step(ids.first, to:)] : @client.transition_steps(ids, to:)

  def code(place, to)
    return 'transition_failed' unless SUCCESSORS.fetch(state(place), []).include?(to)

    held = to == 'in_progress' && @parents[place].any? { |parent| !SATISFIED.include?(state(parent)) }
    held ? 'guard_failed' : 'allowed'
  end

  def state(place) = @histories[place].last || 'pending'
end
