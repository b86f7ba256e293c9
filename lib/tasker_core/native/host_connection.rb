# frozen_string_literal: true

module TaskerCore
  # Runs the core's statements on an Active Record connection: inside the application's
  # transactions, on its database, through its proxies.
  #
  # @api private
  class HostConnection
    # The SQLSTATE of a broken connection.
    CONNECTION_LOST = '08006'
    private_constant :CONNECTION_LOST

    # @return [StandardError, nil] the exception of the last statement
    attr_reader :failure

    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    def initialize(connection)
      @connection = connection
      @failure = nil
      @used = false
    end

    # @return [Boolean] whether a statement was sent to the connection
    def used? = @used

    # Runs one statement.
    #
    # @param name [String] the name in logs and instrumentation
    # @param sql [String] with $1, $2, ... placeholders
    # @param params [Array<String, nil>] PostgreSQL text values
    # @param write [Boolean] whether it changes rows
    # @return [Array(String, Array<Array<String, nil>>, Array, Integer)] the answer in wire form:
    #   name, rows, [sqlstate, message] if it failed, and nanoseconds
    # @raise [ActiveRecord::ReadOnlyError] for a write while Active Record prevents writes
    def answer(name, sql, params, write)
      refuse_prevented_writes("the statement #{name}") if write
      attempt(name, sql, params, write)
    end

    # Active Record checks only the first word of a statement, and takes WITH for a read.
    #
    # @param what [String] the statement or run that would write
    # @return [void]
    # @raise [ActiveRecord::ReadOnlyError] while Active Record prevents writes
    def refuse_prevented_writes(what)
      return unless @connection.preventing_writes?

      raise ActiveRecord::ReadOnlyError,
            "Write query attempted while in readonly mode: #{what} of tasker_core. Leave " \
            'while_preventing_writes, or the role that only reads'
    end

    # Reads rows for Active Record objects, with their types and without the query cache.
    #
    # @param name [String] the name in logs and instrumentation
    # @param sql [String]
    # @param params [Array<String, nil>]
    # @return [Array<Array>]
    # @raise [ActiveRecord::StatementInvalid]
    def rows(name, sql, params) = run(name, sql, params, false)

    # @return [Boolean] whether a statement failed in the open transaction, so that its COMMIT would
    #   be a silent ROLLBACK; this asks the client library, not the server
    def aborted?
      @connection.send(:with_raw_connection, materialize_transactions: false) do |raw|
        raw.transaction_status == PG::PQTRANS_INERROR
      end
    end

    # Runs a block in its own transaction, or in a savepoint of an open one. A failure rolls back
    # only the block's writes.
    def transaction(&block) = @connection.transaction(requires_new: true, &block)

    # The version of the readiness rules in the database, read once for each database and search
    # path.
    #
    # @yieldreturn [Integer] the database's answer
    # @return [Integer] 1 or 2
    def rules(&ask)
      FunctionVersions.found(@connection, &ask)
    rescue ActiveRecord::ActiveRecordError
      # The connection cannot even tell its search path, so the question itself raises the reason.
      ask.call
    end

    # The time for audit rows. It is the host's time, so that rows of one transaction have different
    # times and travel_to works.
    #
    # @return [String] see #date
    def now = date(Time.current)

    # @return [Array(String, String)] the time for rows, and its minute in the application's time
    #   zone
    def moment
      time = Time.current
      [date(time), time.strftime('%Y-%m-%d %H:%M')]
    end

    # Publishes events of the open transaction: to other processes with its COMMIT, in this process
    # after it.
    #
    # @param core [Core]
    # @param rows [Array<Array>] see EventCodec
    # @return [void]
    def publish_after_commit(core, rows)
      Relay.deliver(rows, @connection) if Relay.on?
      ActiveRecord.after_all_transactions_commit { publish(core, rows) }
    end

    # @param time [Time, ActiveSupport::TimeWithZone]
    # @return [String] as Active Record writes it, in its default time zone
    def date(time) = @connection.quoted_date(time)

    # Converts a serialized Active Record value to PostgreSQL's text form.
    #
    # @param value [Object] the value of ActiveModel::Type#serialize
    # @return [String, nil]
    def text(value)
      case cast = @connection.type_cast(value)
      when nil, String then cast
      when BigDecimal then cast.to_s('F')
      else cast.to_s
      end
    end

    private

    # A committed transaction stays committed, even if its events cannot be published.
    def publish(core, rows)
      core.publish(rows) if core.subscriptions.any?
    rescue Error => e
      Reporting.report(Report.new(kind: :event_not_forwarded, capability: :events, operation: rows.dig(0, 0),
                                  message: "the event #{rows.dig(0, 0)} did not reach its subscribers: #{e.message}",
                                  details: { error: e }), once: e.class)
    end

    def attempt(name, sql, params, write)
      @failure = nil
      @used = true
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
      rows = Tracing.statement(name) { run(name, sql, params, write) }
      [name, rows, nil, Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - began]
    rescue ActiveRecord::ActiveRecordError => e
      @failure = e
      [name, nil, [sqlstate(e), e.message], Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - began]
    end

    # A write uses exec_query, which clears Active Record's query cache; a read bypasses the cache.
    def run(name, sql, params, write)
      label = "TaskerCore #{name}"
      return @connection.exec_query(sql, label, params, prepare: @connection.prepared_statements).rows if write
      return read(sql, label, params) if @connection.respond_to?(:exec_cache, true)

      @connection.internal_exec_query(sql, label, params, prepare: @connection.prepared_statements).rows
    end

    # Does what internal_exec_query does, without two parts that the core's reads never need and
    # that take a third of its time: checking whether writes are prevented, and looking up column
    # types, which are all text.
    def read(sql, label, params)
      sql = @connection.send(:transform_query, sql)
      run = @connection.prepared_statements && !params.empty? ? :exec_cache : :exec_no_cache
      result = @connection.send(run, sql, label, params, async: false, allow_retry: false,
                                                         materialize_transactions: true)
      result.values
    ensure
      result&.clear
    end

    def sqlstate(error)
      result = error.cause.respond_to?(:result) ? error.cause.result : nil
      result&.error_field(PG::Result::PG_DIAG_SQLSTATE) || (CONNECTION_LOST if lost?(error))
    end

    # libpq often loses the server's last message and its code when a session ends.
    def lost?(error)
      error.is_a?(ActiveRecord::ConnectionFailed) || error.is_a?(ActiveRecord::ConnectionNotEstablished)
    end
  end
end
