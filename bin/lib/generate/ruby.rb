# frozen_string_literal: true

module Generate
  # The rows, tuples and error codes of the gem.
  class Ruby
    FOLDER = File.join(ROOT, 'lib/tasker_core/generated')
    HEADER = "# frozen_string_literal: true\n\n# Written by bin/generate; change operations.json instead.\n"
    WIDTH = 96
    private_constant :FOLDER, :HEADER, :WIDTH

    # @param contract [Contract]
    def initialize(contract)
      @contract = contract
    end

    # @return [Hash{String => String}]
    def files
      { 'rows.rb' => rows, 'tuples.rb' => tuples, 'error_codes.rb' => error_codes }
        .to_h { |name, body| [File.join(FOLDER, name), "#{HEADER}module TaskerCore\n#{body}end\n"] }
    end

    private

    def rows = @contract.rows.map { |row| row(row) }.join("\n")

    def row(row)
      notes = row.fields.select(&:note).map { |field| "#{field.name}: #{field.note}." }
      comment = [row.meaning, *notes].flat_map { |text| wrapped(text) }.map { |line| "  # #{line}\n" }.join
      names = wrapped(row.fields.map { |field| ":#{field.name}" }.join(', ')).map { |line| "    #{line}\n" }.join
      "#{comment}  #{row.name} = Row.of(\n#{names}  )\n"
    end

    # @return [Array<String>] lines
    def wrapped(text) = text.scan(/\S.{0,#{WIDTH - 1}}(?=\s|\z)/)

    def tuples
      lists = @contract.tuples.map do |tuple|
        "    # #{tuple.meaning}\n    #{Generate.snake(tuple.name).upcase} = " \
          "%i[#{tuple.fields.map(&:name).join(' ')}].freeze\n"
      end
      "  # The elements of the answers that are lists, in order.\n  #\n  # @api private\n" \
        "  module Tuples\n#{lists.join}  end\n  private_constant :Tuples\n"
    end

    def error_codes
      pairs = @contract.errors.map { |error| "      '#{error.code}' => #{error.class_name}" }
      "  class Error\n    # The class that stands for each code.\n    CLASSES = {\n#{pairs.join(",\n")}\n" \
        "    }.freeze\n    private_constant :CLASSES\n  end\n"
    end
  end

  # The signatures of what Ruby makes.
  class Signatures
    FOLDER = File.join(ROOT, 'sig/tasker_core/generated')
    TYPES = { 'int' => 'Integer', 'text' => 'String', 'bool' => 'bool', 'time' => 'Time', 'decimal' => 'BigDecimal',
              'ids' => 'Array[Integer]' }.freeze
    private_constant :FOLDER, :TYPES

    # @param contract [Contract]
    def initialize(contract)
      @contract = contract
    end

    # @return [Hash{String => String}]
    def files
      { 'rows.rbs' => rows, 'tuples.rbs' => tuples, 'error_codes.rbs' => error_codes }
        .to_h { |name, body| [File.join(FOLDER, name), "# Written by bin/generate.\nmodule TaskerCore\n#{body}end\n"] }
    end

    private

    def rows
      @contract.rows.map do |row|
        readers = row.fields.map { |field| "    attr_reader #{field.name}: #{TYPES.fetch(field.type)}#{mark(field)}\n" }
        "  class #{row.name} < Row\n#{readers.join}  end\n"
      end.join("\n")
    end

    def mark(field) = field.optional ? '?' : ''

    def tuples
      lists = @contract.tuples.map { |tuple| "    #{Generate.snake(tuple.name).upcase}: Array[Symbol]\n" }
      "  module Tuples\n#{lists.join}  end\n"
    end

    def error_codes = "  class Error\n    CLASSES: Hash[String, singleton(Error)]\n  end\n"
  end
end
