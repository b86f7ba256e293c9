# frozen_string_literal: true

module Generate
  # The operations of the Python package that follow from the contract: each argument is judged
  # by its type, and each answer is a value, a row or a table.
  class PythonOperations
    PATH = File.join(ROOT, 'python/src/tasker_core/plain_operations.py')
    # How an argument is declared, and how it is judged: by type, or by name or unit where those
    # say more.
    JUDGED = {
      'id' => ['int', 'as_id(%s)'], 'ids' => ['Iterable[int]', 'as_ids(%s)'], 'boolean' => ['bool', '%s'],
      'text' => ['str', '%s'], 'limit' => ['int', 'as_limit(%s, %s)'],
      'microseconds' => ['timedelta | float', 'as_age(%s)'], 'microseconds since 1970' => ['datetime', 'micros(%s)']
    }.freeze
    SCALARS = { 'ids' => 'list[int]', 'texts' => 'list[str]', 'text' => 'str', 'integer' => 'int',
                'boolean' => 'bool' }.freeze
    # What the client adds itself, leaves to the database, or has not counted.
    LEFT_OUT = %w[function_version now reports].freeze
    private_constant :PATH, :JUDGED, :SCALARS, :LEFT_OUT

    # @param contract [Contract]
    def initialize(contract)
      @operations = contract.operations.select { |operation| plain?(operation) }
    end

    # @return [Hash{String => String}]
    def files = { PATH => text }

    private

    def plain?(operation)
      operation.hook.nil? && operation.python == ["Client.#{operation.name}"] && result(operation) &&
        taken(operation).all? { |argument| judged(argument) }
    end

    def taken(operation) = operation.arguments.reject { |argument| LEFT_OUT.include?(argument.name) }

    def judged(argument)
      JUDGED[argument.name] || (argument.unit ? JUDGED[argument.unit] : JUDGED[argument.type])
    end

    # The type of the answer, and what reads it.
    def result(operation)
      of, optional = operation.result.values_at('of', 'optional')
      case operation.result['kind']
      when 'table' then ["Rows[rows.#{of}]", "all_rows(rows.#{of})"]
      when 'row' then optional ? ["rows.#{of} | None", "first_row(rows.#{of})"] : ["rows.#{of}", "one_row(rows.#{of})"]
      when 'scalar' then ["#{SCALARS.fetch(of)}#{' | None' if optional}", 'same']
      when 'map' then ['dict[str, Any]', 'same']
      end
    end

    def text
      <<~PYTHON
        """The operations that follow from their contract.

        Written by bin/generate; change operations.json instead.
        """

        from __future__ import annotations

        from collections.abc import Iterable
        from datetime import datetime, timedelta
        from typing import Any

        from . import rows
        from .request import Operation, all_rows, as_age, as_id, as_ids, as_limit, first_row, micros, one_row, same
        from .table import Rows

        __all__ = [
        #{@operations.map { |operation| "    \"#{operation.name}\",\n" }.join}]
        #{@operations.map { |operation| function(operation) }.join}
      PYTHON
        .chomp
    end

    def function(operation)
      type, read = result(operation)
      arguments = taken(operation).sort_by.with_index { |argument, place| [argument.optional ? 1 : 0, place] }
      rules = operation.arguments.any? { |argument| argument.name == 'function_version' } ? ', by_rules=True' : ''
      "\n\ndef #{operation.name}(#{declared(arguments)}) -> Operation[#{type}]:\n" \
        "    \"\"\"See Client.#{operation.name}.\"\"\"\n#{sent(arguments)}" \
        "    return Operation(\"#{operation.name}\", #{arguments.empty? ? '{}' : 'arguments'}, #{read}#{rules})\n"
    end

    def declared(arguments)
      lines = arguments.map do |argument|
        type = judged(argument).first
        next "    #{argument.name}: #{type},\n" unless argument.optional

        "    #{argument.name}: #{argument.type == 'boolean' ? 'bool = False' : "#{type} | None = None"},\n"
      end
      lines.empty? ? '' : "\n#{lines.join}"
    end

    def sent(arguments)
      lines = arguments.map { |argument| "        \"#{argument.name}\": #{value(argument)},\n" }
      lines.empty? ? '' : "    arguments: dict[str, Any] = {\n#{lines.join}    }\n"
    end

    def value(argument)
      judge = format(judged(argument).last, argument.name, argument.minimum)
      return judge if !argument.optional || judge == argument.name || judge.start_with?('micros')

      "None if #{argument.name} is None else #{judge}"
    end
  end
end
