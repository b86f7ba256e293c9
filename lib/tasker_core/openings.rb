# frozen_string_literal: true

module TaskerCore
  # The first statements of operations, as the core names them once (go/wire/openings.go).
  # Whoever runs them on its own connection need not ask for them first; where the value of
  # the statement is the operation's, it need not ask the core at all.
  class Openings
    # How many answers wait before the core counts them.
    COUNTED_TOGETHER = 256
    private_constant :COUNTED_TOGETHER

    # The first statement of one operation.
    class Opening
      # Longer lists of ids are the core's to refuse.
      MOST_IDS = 1_000_000
      private_constant :MOST_IDS

      # @return [Boolean] whether the statement's first value is the operation's
      attr_reader :final
      alias final? final

      def initialize(name, sql, params, answer)
        @name = name.freeze
        @sql = sql.freeze
        @kind, @argument = params.first
        @final = !answer.nil?
        @boolean = answer == 'boolean'
      end

      # @param arguments [Hash{String => Object}] of the operation
      # @param host [HostConnection] runs the statement
      # @return [Array, nil] see HostConnection#answer; nil, and nothing was run, where the
      #   arguments are for the core to refuse
      def ask(arguments, host)
        params = params(arguments[@argument])
        host.answer(@name, @sql, params, false) if params
      end

      # @param rows [Array<Array<String>>] of the statement
      # @return [String, Boolean, nil] the operation's value
      def value(rows)
        cell = rows.dig(0, 0)
        @boolean ? cell == 'true' : cell
      end

      private

      def params(value)
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

    # @param statements [Hash{String => Array}] as the core gives them
    # @param limit [Integer] nanoseconds: a statement that took as long is the core's to see
    # @yieldparam answers [Array<Array(String, Integer)>] operations with nanoseconds, to be
    #   counted
    def initialize(statements, limit, &count)
      @openings = statements.transform_values { |statement| Opening.new(*statement) }
      @limit = limit
      @count = count
      @kept = Queue.new
    end

    # @param operation [String]
    # @return [Opening, nil]
    def [](operation) = @openings[operation]

    # Keeps an answer from the core, if it is one that it need not see.
    #
    # @param operation [String]
    # @param answer [Array] see HostConnection#answer
    # @return [Boolean]
    def keep?(operation, answer)
      elapsed = answer[3]
      return false if answer[2] || elapsed >= @limit

      @kept << [operation, elapsed]
      flush if @kept.size >= COUNTED_TOGETHER
      true
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
