# frozen_string_literal: true

# Compares a live database with the schema that the engine and the core expect.
module TaskerCore
  # A difference between a database and the expected schema.
  #
  # @!attribute [r] kind
  #   @return [Symbol] :missing_table, :missing_column, :column_type, :column_default,
  #     :column_nullability, :missing_index, :index_definition, :missing_constraint,
  #     :constraint_definition, :missing_view, :missing_view_column, :view_column_type,
  #     :missing_function, :function_signature or :extra
  # @!attribute [r] object
  #   @return [String] for example "tasker_tasks", "tasker_tasks.context" or the name of an index
  # @!attribute [r] expected
  #   @return [String] a type, default or definition; empty if none is expected
  # @!attribute [r] actual
  #   @return [String] what the database has; empty if it has nothing there
  # @!attribute [r] harmless
  #   @return [Boolean] whether the engine and the core work in spite of it
  # @!attribute [r] message
  #   @return [String] the difference in one line
  SchemaDifference = Data.define(:kind, :object, :expected, :actual, :harmless, :message) do
    alias_method :harmless?, :harmless
    def to_s = message
  end

  # Tells which text one of the engine's functions, or its view, has in a database.
  #
  # @!attribute [r] name
  #   @return [String] the signature of the function, or the name of the view
  # @!attribute [r] body_md5
  #   @return [String] the MD5 hash of the body; empty for the view
  # @!attribute [r] present
  #   @return [Boolean] whether the database has it
  # @!attribute [r] origin
  #   @return [String, nil] "tasker-engine" or "tasker_core"; nil for an unknown text
  # @!attribute [r] rules
  #   @return [Integer, nil] the version of the rules that the text follows
  # @!attribute [r] capability
  #   @return [Symbol] the switch of the capability that replaces it
  FunctionVersion = Data.define(:name, :body_md5, :present, :origin, :rules, :capability) do
    alias_method :present?, :present

    # @return [Boolean] whether the text is unknown: the function was changed, or comes from a newer
    #   engine. The core does not replace it then.
    def unknown? = present && origin.nil?

    # @return [Boolean] whether it exists with a known text
    def known? = present && !unknown?

    # @api private
    # @param fields [Hash{String => Object}] the decoded fields of the core's answer
    # @return [FunctionVersion]
    def self.from_wire(fields) = new(**fields.transform_keys(&:to_sym), capability: fields['capability'].to_sym)

    # @return [String] "tasker-engine v02", "unknown" or "missing"
    def version
      return 'missing' unless present

      origin ? format('%<origin>s v%<rules>02d', origin:, rules:) : 'unknown'
    end

    def to_s = "#{name}: #{version}"
  end

  SchemaCheck = Data.define(:differences, :functions)

  # The answer of {SchemaOperations#check_schema Client#check_schema}.
  #
  # @!attribute [r] differences
  #   @return [Array<SchemaDifference>] by object and kind, including the harmless ones
  # @!attribute [r] functions
  #   @return [Array<FunctionVersion>] the nine functions and the view
  class SchemaCheck
    # @api private
    # @param found [Hash] the decoded answer of the core
    # @return [SchemaCheck]
    def self.from_wire(found)
      new(differences: found['differences'].map { |fields| difference(fields) },
          functions: found['functions'].map { |fields| FunctionVersion.from_wire(fields) })
    end

    def self.difference(fields)
      SchemaDifference.new(**fields.transform_keys(&:to_sym), kind: fields['kind'].to_sym)
    end

    private_class_method :difference

    # @return [Array<SchemaDifference>] the differences that prevent correct work
    def harmful = differences.reject(&:harmless?)

    # @return [Array<FunctionVersion>] functions with an unknown text; the engine goes on executing
    #   them
    def unknown_functions = functions.select(&:unknown?)

    # @return [Boolean] whether the single and the batch function for readiness follow the same
    #   rules
    def consistent?
      functions.select { |function| function.known? && function.name.start_with?('get_step_readiness_status') }
               .map(&:rules).uniq.size < 2
    end

    # @return [Boolean] whether nothing is missing and nothing was changed
    def clean? = harmful.empty? && unknown_functions.empty? && consistent?

    # @return [String] a line for each function and difference, and advice
    def to_s
      [*functions.map { |function| "  #{function}" },
       *differences.map { |difference| "#{difference.harmless? ? '  ' : '! '}#{difference}" },
       *unknown_functions.map { |function| "! #{advice(function)}" },
       *('! the two functions for readiness follow different versions' unless consistent?),
       summary].join("\n")
    end

    private

    def advice(function)
      "#{function.name} has a text that neither tasker-engine 0.1.0 nor tasker_core ships: #{function.capability} " \
        'leaves it to the engine. Install one of the shipped texts to have the core replace it.'
    end

    def summary
      return 'The schema is as expected.' if clean?

      "Harmful differences: #{harmful.size}; functions with an unknown text: #{unknown_functions.size}. " \
        "Run the engine's migrations, or undo the changes."
    end
  end

  # The client's operations that check the schema.
  module SchemaOperations
    # Compares this database with the expected schema through the connection's search path, and
    # identifies functions by their bodies. It only reads.
    #
    # @return [SchemaCheck]
    def check_schema = SchemaCheck.from_wire(call('check_schema', {}))

    # Tells which text each of the engine's nine functions, and its view, has in this database.
    #
    # @return [Array<FunctionVersion>]
    def function_versions = call('function_versions', {}).map { |fields| FunctionVersion.from_wire(fields) }
  end
end
