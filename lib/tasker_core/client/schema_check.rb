# frozen_string_literal: true

# How a live database differs from the one that the engine and the core expect.
module TaskerCore
  # One point in which a database is not as expected.
  #
  # @!attribute [r] kind
  #   @return [Symbol] :missing_table, :missing_column, :column_type, :column_default,
  #     :column_nullability, :missing_index, :index_definition, :missing_constraint,
  #     :constraint_definition, :missing_view, :missing_view_column, :view_column_type,
  #     :missing_function, :function_signature or :extra
  # @!attribute [r] object
  #   @return [String] "tasker_tasks", "tasker_tasks.context", the name of an index ...
  # @!attribute [r] expected
  #   @return [String] a type, default or definition; empty where there is none
  # @!attribute [r] actual
  #   @return [String]
  # @!attribute [r] harmless
  #   @return [Boolean] whether engine and core work in spite of it
  # @!attribute [r] message
  #   @return [String] all of it in one line
  SchemaDifference = Data.define(:kind, :object, :expected, :actual, :harmless, :message) do
    alias_method :harmless?, :harmless
    def to_s = message
  end

  # Whose text one of the engine's functions, or its view, has in a database.
  #
  # @!attribute [r] name
  #   @return [String] the signature; the name for the view
  # @!attribute [r] body_md5
  #   @return [String] the hash of the body, empty for the view
  # @!attribute [r] present
  #   @return [Boolean]
  # @!attribute [r] origin
  #   @return [String, nil] "tasker-engine" or "tasker_core"; nil for an unknown text
  # @!attribute [r] rules
  #   @return [Integer, nil] the version of the rules that the text follows
  # @!attribute [r] capability
  #   @return [Symbol] the switch whose delegation stands in for it
  FunctionVersion = Data.define(:name, :body_md5, :present, :origin, :rules, :capability) do
    alias_method :present?, :present

    # @return [Boolean] whether somebody changed it, or it is of a newer engine: the
    #   core does not stand in for it then
    def unknown? = present && origin.nil?

    # @return [Boolean] whether it is there, with a text that is known
    def known? = present && !unknown?

    # @param fields [Hash{String => Object}] as they come over the wire
    # @return [FunctionVersion]
    def self.from_wire(fields) = new(**fields.transform_keys(&:to_sym), capability: fields['capability'].to_sym)

    # @return [String] "tasker-engine v02", "unknown" or "missing"
    def version
      return 'missing' unless present

      origin ? format('%<origin>s v%<rules>02d', origin:, rules:) : 'unknown'
    end

    def to_s = "#{name}: #{version}"
  end

  # The answer of Client#check_schema.
  #
  # @!attribute [r] differences
  #   @return [Array<SchemaDifference>] by object and kind, the harmless ones too
  # @!attribute [r] functions
  #   @return [Array<FunctionVersion>] the nine functions and the view
  class SchemaCheck < Data.define(:differences, :functions)
    # @param found [Hash] the operation's value
    # @return [SchemaCheck]
    def self.from_wire(found)
      new(differences: found['differences'].map { |fields| difference(fields) },
          functions: found['functions'].map { |fields| FunctionVersion.from_wire(fields) })
    end

    def self.difference(fields)
      SchemaDifference.new(**fields.transform_keys(&:to_sym), kind: fields['kind'].to_sym)
    end

    private_class_method :difference

    # @return [Array<SchemaDifference>] those that do harm
    def harmful = differences.reject(&:harmless?)

    # @return [Array<FunctionVersion>] functions whose text is not known; the core
    #   leaves what they do to the engine
    def unknown_functions = functions.select(&:unknown?)

    # @return [Boolean] whether the single and the batch function for readiness, which
    #   belong together, follow the same rules
    def consistent?
      functions.select { |function| function.known? && function.name.start_with?('get_step_readiness_status') }
               .map(&:rules).uniq.size < 2
    end

    # @return [Boolean] whether nothing is missing or changed
    def clean? = harmful.empty? && unknown_functions.empty? && consistent?

    # @return [String] a line for each function and difference, and what to do
    def to_s
      [*functions.map { |function| "  #{function}" },
       *differences.map { |difference| "#{difference.harmless? ? '  ' : '! '}#{difference}" },
       *unknown_functions.map { |function| "! #{advice(function)}" },
       *('! the two functions for readiness follow different versions' unless consistent?),
       summary].join("\n")
    end

    private

    def advice(function)
      "#{function.name} has a text that neither tasker-engine 0.1.0 nor tasker_core has: #{function.capability} " \
        'leaves it to the engine. Install one of theirs to have the core stand in for it.'
    end

    def summary
      return 'The schema is as expected.' if clean?

      "Differences that do harm: #{harmful.size}; functions with an unknown text: #{unknown_functions.size}. " \
        "Run the engine's migrations, or put back what was changed."
    end
  end

  # The operation that compares, of a Client.
  module SchemaOperations
    # Compares this database with the expected catalogue, through the connection's
    # search path, and tells functions apart by their bodies. It reads only.
    #
    # @return [SchemaCheck]
    def check_schema = SchemaCheck.from_wire(call('check_schema', {}))

    # Whose text each of the engine's nine functions, and its view, has here.
    #
    # @return [Array<FunctionVersion>]
    def function_versions = call('function_versions', {}).map { |fields| FunctionVersion.from_wire(fields) }
  end
end
