# frozen_string_literal: true

module TaskerCore
  # Runs the core's statements on an Active Record connection: inside the
  # application's transactions, on its database, through its proxies.
  class HostConnection
    # The SQLSTATE of a connection that broke.
    CONNECTION_LOST = '08006'
    private_constant :CONNECTION_LOST

    # @return [StandardError, nil] what the connection raised for the last statement
    attr_reader :failure

    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    def initialize(connection)
      @connection = connection
      @failure = nil
      @used = false
    end

    # @return [Boolean] whether a statement was given to the connection
    def used? = @used

    # Runs one statement.
    #
    # @param name [String] for logs and instrumentation
    # @param sql [String] with $1, $2, ... placeholders
    # @param params [Array<String, nil>] PostgreSQL text values
    # @param write [Boolean] whether it changes rows
    # @return [Array(String, Array<Array<String, nil>>, Array, Integer)] the answer as the
    #   wire has it: name, rows, [sqlstate, message] where it failed, and nanoseconds
    # @raise [ActiveRecord::ReadOnlyError] for a write where Active Record prevents them
    def answer(name, sql, params, write)
      refuse_prevented_writes("the statement #{name}") if write
      attempt(name, sql, params, write)
    end

    # Active Record itself looks at the first word of a statement, and takes WITH for a read.
    #
    # @param what [String] what would write
    # @return [void]
    # @raise [ActiveRecord::ReadOnlyError] where Active Record prevents writes
    def refuse_prevented_writes(what)
      return unless @connection.preventing_writes?

      raise ActiveRecord::ReadOnlyError,
            "Write query attempted while in readonly mode: #{what} of tasker_core. Leave " \
            'while_preventing_writes, or the role that only reads'
    end

    # Reads rows for Active Record's own objects: typed as it types them, and around its
    # query cache.
    #
    # @param name [String] for logs and instrumentation
    # @param sql [String]
    # @param params [Array<String, nil>]
    # @return [Array<Array>]
    # @raise [ActiveRecord::StatementInvalid]
    def rows(name, sql, params) = run(name, sql, params, false)

    # @return [Boolean] whether a statement failed in the open transaction, so that its
    #   COMMIT would be a quiet ROLLBACK; asked of the client library, not the server
    def aborted?
      @connection.send(:with_raw_connection, materialize_transactions: false) do |raw|
        raw.transaction_status == PG::PQTRANS_INERROR
      end
    end

    # Runs a block in a transaction of its own, or in a savepoint of the one that is
    # open: a failure takes back what the block wrote and nothing else.
    def transaction(&block) = @connection.transaction(requires_new: true, &block)

    # Which rules of readiness the database follows: found out once for each database and
    # search path, whoever asks.
    #
    # @yieldreturn [Integer] what the database says
    # @return [Integer] 1 or 2
    def rules(&ask)
      FunctionVersions.found(@connection, &ask)
    rescue ActiveRecord::ActiveRecordError
      # The connection cannot even tell its search path: the question itself says why.
      ask.call
    end

    # The time that audit rows get: the host's, so that rows of one transaction do
    # not share one time and travel_to works.
    #
    # @return [String] see #date
    def now = date(Time.current)

    # @return [Array(String, String)] the time that rows get, and its minute in the
    #   application's own time zone
    def moment
      time = Time.current
      [date(time), time.strftime('%Y-%m-%d %H:%M')]
    end

    # Publishes what happens in the open transaction: to other processes with its COMMIT, in
    # this one after it.
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

    # Gives a serialized value of Active Record the text that PostgreSQL reads.
    #
    # @param value [Object] as ActiveModel::Type#serialize gives it
    # @return [String, nil]
    def text(value)
      case cast = @connection.type_cast(value)
      when nil, String then cast
      when BigDecimal then cast.to_s('F')
      else cast.to_s
      end
    end

    private

    # What was committed stays so, whatever becomes of its events.
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

    # A write goes through exec_query, which clears Active Record's query cache; a read
    # goes around that cache, and leaves it as it is.
    def run(name, sql, params, write)
      label = "TaskerCore #{name}"
      return @connection.exec_query(sql, label, params, prepare: @connection.prepared_statements).rows if write
      return read(sql, label, params) if @connection.respond_to?(:exec_cache, true)

      @connection.internal_exec_query(sql, label, params, prepare: @connection.prepared_statements).rows
    end

    # What internal_exec_query is made of, without the two things that the core's reads
    # never need and that take a third of its time: asking whether writes are prevented, and
    # looking up the types of columns, which are all text.
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

    # libpq often swallows the server's last word with its code when a session ends.
    def lost?(error)
      error.is_a?(ActiveRecord::ConnectionFailed) || error.is_a?(ActiveRecord::ConnectionNotEstablished)
    end
  end
end
