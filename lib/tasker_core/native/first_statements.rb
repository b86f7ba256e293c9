# frozen_string_literal: true

module TaskerCore
  # The first statements of operations, as the core names them once (go/wire/first_statements.go).
  # Whoever runs them on its own connection need not ask for them first; where the answer
  # of the statement is the operation's, it need not ask the core at all.
  class FirstStatements
    # What an answer is that the core has to look at.
    UNDECIDED = Object.new.freeze

    # How many answers wait before the core counts them.
    COUNTED_TOGETHER = 256
    private_constant :COUNTED_TOGETHER

    # The first statement of one operation.
    class FirstStatement
      # Longer lists of ids are the core's to refuse.
      MOST_IDS = 1_000_000
      private_constant :MOST_IDS

      # @return [String] the operation, of a transition with its target
      attr_reader :key

      # @param key [String]
      # @param statement [Array] as the core gives it
      def initialize(key, statement)
        @key = key
        @name, @sql, params, @write, @answer = statement
        @sql.freeze
        @kind, @argument = params.first
      end

      # @param arguments [Hash{String => Object}] of the operation
      # @param host [HostConnection] runs the statement
      # @return [Array, nil] see HostConnection#answer; nil, and nothing was run, where the
      #   arguments are for the core to refuse
      def ask(arguments, host)
        params = params(arguments)
        host.answer(@name, @sql, params, @write) if params
      end

      # @param rows [Array<Array<String>>] of the statement
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

      # Whether it is one, and fits a bigint.
      def id?(value) = value.is_a?(Integer) && value.bit_length < 64

      def ids?(value) = value.instance_of?(Array) && value.size <= MOST_IDS && value.all? { |id| id?(id) }
    end

    # The statement of a transition to one target. What was written needs no judge; why
    # nothing was written is the core's to say.
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
    # @param limit [Integer] nanoseconds: a statement that took as long is the core's to see
    # @yieldparam answers [Array<Array(String, Integer)>] first statements with nanoseconds, to be
    #   counted
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

    # Keeps an answer from the core, if it is one that it need not see.
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

    # Lets the core count what was kept from it. Where it cannot, nobody's read fails.
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
