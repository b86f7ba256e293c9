# frozen_string_literal: true

module TaskerCore
  # The first statements of operations, which the core lists once (go/wire/first_statements.go). A
  # host with its own connection runs them without asking the core first. If the statement's answer
  # is the operation's answer, the core is not asked at all.
  #
  # @api private
  class FirstStatements
    # The value of an answer that the core has to interpret.
    UNDECIDED = Object.new.freeze

    # The number of answers that wait before the core counts them.
    COUNTED_TOGETHER = 256
    private_constant :COUNTED_TOGETHER

    # The first statement of one operation.
    class FirstStatement
      # Longer lists of ids are passed to the core, which refuses them.
      MOST_IDS = 1_000_000
      private_constant :MOST_IDS

      # @return [String] the operation; for a transition, with its target
      attr_reader :key

      # @param key [String]
      # @param statement [Array] as the core gives it
      def initialize(key, statement)
        @key = key
        @name, @sql, params, @write, @answer = statement
        @sql.freeze
        @kind, @argument = params.first
      end

      # @param arguments [Hash{String => Object}] the operation's arguments
      # @param host [HostConnection] runs the statement
      # @return [Array, nil] see HostConnection#answer; nil if nothing was run, because the core has
      #   to refuse the arguments
      def ask(arguments, host)
        params = params(arguments)
        host.answer(@name, @sql, params, @write) if params
      end

      # @param rows [Array<Array<String>>] the rows of the statement
      # @return [Object] the operation's value, or UNDECIDED
      def value(rows)
        case @answer
        when 'text' then rows.dig(0, 0)
        when 'boolean' then rows.dig(0, 0) == 'true'
        else UNDECIDED
        end
      end

      private

      def params(arguments)
        value = arguments[@argument]
        case @kind
        when 'id' then [value.to_s] if id?(value)
        when 'ids' then ["{#{value.join(',')}}"] if ids?(value)
        else []
        end
      end

      # Whether it is an integer that fits a bigint.
      def id?(value) = value.is_a?(Integer) && value.bit_length < 64

      def ids?(value) = value.instance_of?(Array) && value.size <= MOST_IDS && value.all? { |id| id?(id) }
    end

    # The statement of a transition to one target. A written transition needs no further check; if
    # nothing was written, the core gives the reason.
    class Transition < FirstStatement
      WRITTEN = /\A(\d+),1,[01],(\d+),(\d+) (.*)\z/m
      private_constant :WRITTEN

      def initialize(key, statement)
        super
        @sources = statement[2].assoc('fixed').last
        @to, @event = statement.last(2)
      end

      def value(rows)
        return UNDECIDED unless (written = WRITTEN.match(rows.dig(0, 0)))

        id, row_id, sort_key, from = written.captures
        [id.to_i, 'allowed', '', from, @to, row_id.to_i, sort_key.to_i, @event]
      end

      private

      def params(arguments)
        id, metadata, now = arguments.values_at(@argument, 'metadata', 'now')
        metadata = '{}' if metadata.nil? || metadata.empty?
        [id.to_s, @sources, @to, metadata, now] if id?(id) && metadata.start_with?('{')
      end
    end
    private_constant :FirstStatement, :Transition

    # @param statements [Hash{String => Array}] as the core gives them
    # @param limit [Integer] nanoseconds; the core has to see statements that took as long
    # @yieldparam answers [Array<Array(String, Integer)>] first statements with their nanoseconds,
    #   for the core to count
    def initialize(statements, limit, &count)
      @statements = statements.to_h do |key, statement|
        [key, (statement.last ? Transition : FirstStatement).new(key, statement)]
      end
      @limit = limit
      @count = count
      @kept = Queue.new
    end

    # @param operation [String]
    # @param arguments [Hash{String => Object}] of the operation
    # @return [FirstStatement, nil]
    def of(operation, arguments)
      @statements[operation] || ((to = arguments['to']) && @statements["#{operation} #{to}"])
    end

    # Takes an answer that the core need not see.
    #
    # @param statement [FirstStatement]
    # @param answer [Array] see HostConnection#answer
    # @return [Object] the operation's value, or UNDECIDED
    def keep(statement, answer)
      elapsed = answer[3]
      return UNDECIDED if answer[2] || elapsed >= @limit

      value = statement.value(answer[1])
      return value if UNDECIDED.equal?(value)

      @kept << [statement.key, elapsed]
      flush if @kept.size >= COUNTED_TOGETHER
      value
    end

    # Lets the core count the answers that it has not seen. A failure to count does not fail a read.
    #
    # @return [void]
    def flush
      answers = []
      while (answer = @kept.pop(timeout: 0))
        answers << answer
      end
      @count.call(answers) unless answers.empty?
    rescue Error
      nil
    end
  end
end
