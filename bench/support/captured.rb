# frozen_string_literal: true

# The core's statements as Active Record saw them, and replaying them through the pg gem
# alone: what is left of a step where nobody does anything but write it.
module Captured
  # @yield something that runs statements of the core
  # @return [Hash{String => Array(String, Array)}] text and values of the last one of each name
  def self.by
    seen = {}
    listener = ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
      name = payload[:name].to_s
      seen[name.delete_prefix('TaskerCore ')] = payload.values_at(:sql, :binds) if name.start_with?('TaskerCore')
    end
    yield
    seen
  ensure
    ActiveSupport::Notifications.unsubscribe(listener)
  end

  # A line as a run writes it: the claim of its first step, then each completion with the claim of
  # the next, a prepared statement with a commit of its own.
  class Replay
    NAMES = %w[claim_step finish_and_claim_step finish_step].freeze
    # Where the answer of a completion has the token of the claim beside it.
    TOKEN = 13

    # @param statements [Hash{String => Array(String, Array)}] of a run of such a line
    def initialize(connection, statements)
      @connection = connection
      @values = statements.fetch_values(*NAMES).map(&:last)
      NAMES.zip(statements.fetch_values(*NAMES)) { |name, (sql, _)| connection.prepare(name, sql) }
    end

    # @param ids [Array<Integer>] the steps in their order
    # @raise [RuntimeError] if a step was not claimed
    def line(ids)
      claim, both, finish = @values
      token = answer('claim_step', [ids.first, *claim.drop(1)]).first
      ids.each_cons(2) do |id, following|
        token = answer('finish_and_claim_step', [id, token, *both[2..4], following, *both.drop(6)])[TOKEN]
      end
      answer('finish_step', [ids.last, token, *finish.drop(2)])
    end

    private

    def answer(name, values)
      packed = @connection.exec_prepared(name, values).getvalue(0, 0)
      @decoder ||= PG::TextDecoder::Array.new
      @decoder.decode(packed).tap { |row| row.first || raise("#{name} wrote nothing for step #{values.first}") }
    end
  end
end
