# frozen_string_literal: true

require_relative 'children'

# Processes that all want the same steps at the same time, and what must hold of
# the audit rows afterwards. Each child has a core and a connection of its own.
class TransitionRace
  # What became of the children's wishes: winners by step and target, and how often
  # each code or class of error came up.
  Outcome = Struct.new(:winners, :codes)

  # @param processes [Integer]
  # @param steps [Array<Integer>] ids
  # @param targets [Array<String>] in this order for each step; what cannot be
  #   reached any more is refused
  # @param isolation [Symbol, nil] of each child's transactions
  # @param batch [Boolean] whether half of the children move all steps at once
  def initialize(processes:, steps:, targets:, isolation: nil, batch: false)
    @processes = processes
    @steps = steps
    @targets = targets
    @isolation = isolation
    @batch = batch
  end

  # @return [Outcome]
  def run(seconds: 120)
    start = Time.now.to_f + 0.5
    children = Array.new(@processes) { |number| Children.start { child(number, start) } }
    answers = children.map { |pid, reader| Children.finish(pid, reader, seconds:) }
    broken = answers.grep(String)
    raise "a child failed: #{broken.first}" if broken.any?

    tries = answers.flatten(1)
    winners = tries.filter_map { |id, to, code| [id, to] if code == 'allowed' }.tally
    Outcome.new(winners, tries.map(&:last).tally)
  end

  # The rules of the audit rows, over every row that there is.
  #
  # @return [Array<Hash>] those that break one
  def self.violations
    Database.connection.select_all(<<~SQL).to_a
      SELECT workflow_step_id, sort_key, most_recent
      FROM (SELECT *, row_number() OVER (PARTITION BY workflow_step_id ORDER BY sort_key) AS place,
              count(*) OVER (PARTITION BY workflow_step_id) AS size
            FROM tasker_workflow_step_transitions) AS audit
      WHERE sort_key <> place * 10 OR most_recent <> (place = size)
    SQL
  end

  private

  # @return [Array<Array(Integer, String, String)>] step, target, code
  def child(number, start)
    ActiveRecord::Base.establish_connection(Database.config(variables: { client_min_messages: 'error' }))
    connection = Database.connection
    client = TaskerCore.on(connection)
    client.current_step_state(@steps.first)
    sleep([start - Time.now.to_f, 0].max)
    @targets.flat_map { |to| @batch && number.even? ? all(client, to) : one_by_one(client, connection, number, to) }
  end

  def all(client, to)
    client.transition_steps(@steps, to:).map { |result| [result.id, to, result.code] }
  rescue TaskerCore::ConflictError
    [[0, to, 'conflict']]
  end

  # Half of the children come from the other end.
  def one_by_one(client, connection, number, to)
    (number % 4 > 1 ? @steps.reverse : @steps).map do |id|
      [id, to, one(client, connection, id, to)]
    end
  end

  def one(client, connection, id, to)
    return client.transition_step(id, to:).code unless @isolation

    connection.transaction(isolation: @isolation) { client.transition_step(id, to:).code }
  rescue TaskerCore::DatabaseError => e
    raise unless e.retryable? && e.cause.is_a?(ActiveRecord::SerializationFailure)

    e.sqlstate
  rescue ActiveRecord::SerializationFailure
    'at commit'
  end
end
