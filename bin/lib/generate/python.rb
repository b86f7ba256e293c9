# frozen_string_literal: true

module Generate
  # The rows, tuples and error codes of the Python package, as its formatter writes them.
  class Python
    FOLDER = File.join(ROOT, 'python/src/tasker_core')
    COLUMNS = { 'int' => 'int', 'text' => 'str', 'bool' => 'bool', 'time' => 'datetime', 'decimal' => 'Decimal',
                'ids' => 'list[int]' }.freeze
    PLACES = { 'id' => 'int', 'integer' => 'int', 'time' => 'int', 'text' => 'str', 'boolean' => 'bool',
               'ids' => 'list[int]', 'texts' => 'list[str]', 'bytes' => 'bytes', 'map' => 'dict[str, Any]' }.freeze
    WIDTH = 106
    KEYWORDS = %w[from].freeze
    private_constant :FOLDER, :COLUMNS, :PLACES, :WIDTH, :KEYWORDS

    # @param contract [Contract]
    def initialize(contract)
      @contract = contract
      @tuples = contract.tuples.map(&:name)
    end

    # @return [Hash{String => String}]
    def files
      { 'rows.py' => rows, 'tuples.py' => tuples, 'codes.py' => codes }
        .transform_keys { |name| File.join(FOLDER, name) }
    end

    private

    def rows
      <<~PYTHON
        """The results of operations: named tuples whose fields are the engine's columns.

        Times are aware datetimes in UTC, decimals Decimal, both exact. Written by bin/generate;
        change operations.json instead.
        """

        from __future__ import annotations

        from datetime import datetime
        from decimal import Decimal
        from typing import NamedTuple

        from . import _shown
        #{@contract.rows.map { |row| named_tuple(row, COLUMNS) + (row.single ? html(row) : '') }.join}
      PYTHON
        .chomp
    end

    def tuples
      <<~PYTHON
        """The answers of operations that are lists, with the names of their places.

        Tables are as they came, see table.Rows. Written by bin/generate; change operations.json instead.
        """

        from __future__ import annotations

        from typing import Any, NamedTuple
        #{@contract.tuples.map { |tuple| named_tuple(tuple, PLACES) }.join}
      PYTHON
        .chomp
    end

    def codes
      <<~PYTHON
        """The codes of errors. Written by bin/generate; change operations.json instead."""

        from __future__ import annotations

        #: The name of the class that stands for each code.
        CLASSES: dict[str, str] = {
        #{@contract.errors.map { |error| "    \"#{error.code}\": \"#{error.class_name}\",\n" }.join}}
      PYTHON
    end

    def named_tuple(form, types)
      fields = form.fields.map { |field| "    #{name(field)}: #{type(field, types)}\n" }
      "\n\nclass #{form.name}(NamedTuple):\n#{docstring(form)}\n#{fields.join}"
    end

    def docstring(form)
      notes = form.fields.select(&:note)
      return "    \"\"\"#{form.meaning}\"\"\"\n" if notes.empty?

      lines = notes.map { |field| "        #{wrapped("#{name(field)}: #{field.note}.")}\n" }
      "    \"\"\"#{form.meaning}\n\n    Attributes:\n#{lines.join}    \"\"\"\n"
    end

    def wrapped(text) = text.gsub(/(.{1,#{WIDTH - 12}})(?: |\z)/, "\\1\n            ").rstrip

    def html(row)
      "\n    def _repr_html_(self) -> str:\n        \"\"\"For notebooks.\"\"\"\n" \
        "        return _shown.fields_html(\"#{row.name}\", self._asdict())\n"
    end

    # A keyword of Python is no name.
    def name(field) = KEYWORDS.include?(field.name) ? "#{field.name}_" : field.name

    def type(field, types)
      known = @tuples.include?(field.type) ? 'list[Any]' : types.fetch(field.type, 'dict[str, Any]')
      field.optional ? "#{known} | None" : known
    end
  end
end
