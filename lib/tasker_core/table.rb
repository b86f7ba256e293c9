# frozen_string_literal: true

require 'bigdecimal'

module TaskerCore
  # Rows as the core gives them: by column, in binary form (go/wire/table.go). A
  # cell is decoded when somebody reads it, so a thousand rows of which only one
  # attribute is read cost a thousand reads, not sixteen thousand.
  class Table
    # @return [Integer] the number of rows
    attr_reader :size

    # @return [Array<String>] the names of the columns
    attr_reader :names

    # @param value [Hash] a table as msgpack gives it
    def initialize(value)
      @size = value['rows']
      @columns = value['columns'].to_h { |name, kind, *rest| [name, Column::KINDS.fetch(kind).new(*rest)] }
      @names = @columns.keys
    end

    # @param row [Integer]
    # @param name [String] of a column
    # @return [Integer, Boolean, String, BigDecimal, Time, Array<Integer>, nil]
    def cell(row, name)
      @columns.fetch(name).at(row)
    end

    # @return [Array] a whole column
    def column(name)
      column = @columns.fetch(name)
      Array.new(@size) { |row| column.at(row) }
    end

    def key?(name) = @columns.key?(name)

    # What the kinds of columns share.
    class Column
      def initialize(data, nulls, dictionary)
        @data = data
        @nulls = nulls
        @dictionary = dictionary
      end

      def at(row)
        return if @nulls && @nulls.getbyte(row) == 1

        value(row)
      end
    end

    # Eight bytes a cell.
    class IntColumn < Column
      def value(row) = @data.unpack1('q<', offset: row * 8)
    end

    # Microseconds of the stored wall clock since 1970.
    class TimeColumn < Column
      INFINITIES = { (2**63) - 1 => Float::INFINITY, -(2**63) => -Float::INFINITY }.freeze

      def value(row)
        micros = @data.unpack1('q<', offset: row * 8)
        INFINITIES[micros] || WallClock.time(micros)
      end
    end

    # One byte a cell.
    class BoolColumn < Column
      def value(row) = @data.getbyte(row) == 1
    end

    # An index into the dictionary.
    class TextColumn < Column
      def initialize(data, nulls, dictionary)
        super
        @dictionary&.each(&:freeze)
      end

      def value(row) = @dictionary[@data.unpack1('L<', offset: row * 4)]
    end

    # Exact decimals.
    class DecimalColumn < TextColumn
      def value(row) = BigDecimal(super)
    end

    # Lists of ids: where each ends.
    class IDsColumn < Column
      def value(row)
        first = row.zero? ? 0 : @data.unpack1('L<', offset: (row - 1) * 4)
        last = @data.unpack1('L<', offset: row * 4)
        @dictionary.unpack("q<#{last - first}", offset: first * 8)
      end
    end

    class Column
      KINDS = { 'int' => IntColumn, 'time' => TimeColumn, 'bool' => BoolColumn, 'text' => TextColumn,
                'decimal' => DecimalColumn, 'ids' => IDsColumn }.freeze
    end

    # Turns the wall clock of a `timestamp without time zone` into a Time, in the
    # zone in which Active Record writes and reads such columns.
    module WallClock
      module_function

      def time(micros)
        utc = Time.at(0, micros, :microsecond, in: 'UTC')
        return utc unless local?

        Time.local(utc.year, utc.month, utc.day, utc.hour, utc.min, utc.sec + utc.subsec)
      end

      def local? = defined?(ActiveRecord) && ActiveRecord.default_timezone == :local
    end
  end
end
