# frozen_string_literal: true

# What the server writes to its log before it says that something is kept: counted by the
# extension pg_walinspect, of PostgreSQL 15 and newer, for superusers. Nobody else may write in
# the meantime.
class Wal
  # By the names of the log's records.
  COUNTS = {
    commits: "name LIKE 'Transaction/COMMIT%'",
    inserted: "name LIKE 'Heap/INSERT%' OR name LIKE 'Heap2/MULTI_INSERT%'",
    updated: "name ~ '^Heap/(HOT_)?UPDATE'",
    deleted: "name = 'Heap/DELETE'"
  }.freeze
  SQL = <<~SQL.freeze
    SELECT #{COUNTS.map { |what, condition| "coalesce(sum(count) FILTER (WHERE #{condition}), 0)::int AS #{what}" }.join(', ')},
      coalesce(sum(size), 0)::bigint AS bytes
    FROM pg_get_wal_stats($1::pg_lsn, $2::pg_lsn, true) AS stats (name, count, counted, size)
  SQL

  # @param connection [PG::Connection]
  def initialize(connection)
    @connection = connection
  end

  # @return [String, nil] why it cannot be counted here
  def missing
    @connection.exec('CREATE EXTENSION IF NOT EXISTS pg_walinspect')
    nil
  rescue PG::Error => e
    e.message.lines.first.strip
  end

  # @yield something that writes
  # @return [Hash{Symbol => Integer}] COUNTS, and the bytes without images of pages
  def during
    from = place
    yield
    @connection.exec_params(SQL, [from, place]).first.to_h { |what, count| [what.to_sym, count.to_i] }
  end

  private

  def place = @connection.exec('SELECT pg_current_wal_flush_lsn()').getvalue(0, 0)
end
