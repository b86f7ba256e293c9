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

  # Claims and finishes steps: two prepared statements, each with a commit of its own.
  class Replay
    # @param claim [Array(String, Array)] a statement and the values that it had
    # @param finish [Array(String, Array)]
    def initialize(connection, claim, finish)
      @connection = connection
      @connection.prepare('claim', claim.first)
      @connection.prepare('finish', finish.first)
      @claimed_at = claim.last[1]
      @finish = finish.last[2..]
    end

    # @raise [RuntimeError] if the step was not claimed
    def step(id)
      claimed = @connection.exec_prepared('claim', [id, @claimed_at]).getvalue(0, 0)
      token = PG::TextDecoder::Array.new.decode(claimed).first || raise("step #{id} was not claimed")
      @connection.exec_prepared('finish', [id, token, *@finish])
    end
  end
end
