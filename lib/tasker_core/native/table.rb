# frozen_string_literal: true

require 'bigdecimal'

module TaskerCore
  # The rows of the core's answer, by column in binary form (go/wire/table.go). A column is decoded
  # as a whole when one of its cells is first read, so unread columns cost nothing.
  #
  # @api private
  class Table
    # @return [Integer] the number of rows
    attr_reader :size

    # @param value [Hash] a table as msgpack gives it
    def initialize(value)
      @size = value['rows']
      @encoded = value['columns']
      @decoded = {}
    end

    # @return [Array<String>] the names of the columns
    def names = @encoded.map(&:first)

    # @param row [Integer]
    # @param name [String] of a column
    # @return [Integer, Boolean, String, BigDecimal, Time, Array<Integer>, nil]
    # @raise [KeyError] if there is no such column
    def cell(row, name) = column(name)[row]

    # @param name [String]
    # @return [Array] a whole column, frozen
    # @raise [KeyError] if there is no such column
    def column(name) = @decoded[name] || decode(name)

    # @param name [String]
    # @return [Boolean] whether there is such a column
    def key?(name) = @encoded.any? { |column| column.first == name }

    private

    def decode(name)
      _, kind, *parts = @encoded.find { |column| column.first == name }
      raise KeyError, "unknown column #{name.inspect}; the columns are #{names.join(', ')}" unless kind

      @decoded[name] = Column.public_send(kind, *parts).freeze
    end

    # Decodes the kinds of columns.
    module Column
      # The ends of PostgreSQL's timestamps.
      INFINITIES = { (2**63) - 1 => Float::INFINITY, -(2**63) => -Float::INFINITY }.freeze
      private_constant :INFINITIES

      module_function

      # Eight bytes per cell.
      def int(data, nulls, _) = without_nulls(data.unpack('q<*'), nulls)

      # Microseconds since 1970 by the stored wall clock.
      def time(data, nulls, _)
        int(data, nulls, nil).map! { |micros| micros && (INFINITIES[micros] || WallClock.time(micros)) }
      end

      # One byte per cell.
      def bool(data, nulls, _) = without_nulls(data.each_byte.map { |byte| byte == 1 }, nulls)

      # An index into the dictionary.
      def text(data, nulls, dictionary)
        dictionary&.each(&:freeze)
        without_nulls(data.unpack('L<*').map! { |index| dictionary&.at(index) }, nulls)
      end

      # Exact decimals.
      def decimal(data, nulls, dictionary) = text(data, nulls, dictionary&.map { |digits| BigDecimal(digits) })

      # Lists of ids, with the end position of each.
      def ids(data, nulls, dictionary)
        first = 0
        lists = data.unpack('L<*').map! do |last|
          dictionary.unpack("q<#{last - first}", offset: first * 8).tap { first = last }
        end
        without_nulls(lists, nulls)
      end

      def without_nulls(values, nulls)
        nulls&.each_byte&.with_index { |null, row| values[row] = nil if null == 1 }
        values
      end
    end
    private_constant :Column

    # Converts the wall clock of a `timestamp without time zone` to a Time, in the zone in which
    # Active Record writes and reads such columns.
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
