# frozen_string_literal: true

require 'active_model'
require 'active_model/attribute_set'

module TaskerCore
  module Engine
    # The attributes of one row. A column is cast as a whole when one of its values is first read,
    # so wrapping a row costs two small objects, however many columns it has.
    #
    # An access that needs more than a value (assignment, dup, marshalling) gets the attribute that
    # the engine's own +new+ would create from the same value.
    class LazyAttributes < ActiveModel::AttributeSet
      # Wraps all rows of a table.
      #
      # @param klass [Class] a class of the engine with ActiveModel::Attributes
      # @param table [TaskerCore::Table]
      # @return [Array<Object>] instances of klass, in the table's order
      def self.wrap(klass, table)
        values = Values.new(klass._default_attributes, table)
        Array.new(table.size) do |row|
          instance = klass.allocate
          instance.instance_variable_set(:@attributes, new(values, row))
          instance
        end
      end

      # @param values [Values] of the answer
      # @param row [Integer]
      def initialize(values, row) # rubocop:disable Lint/MissingSuper -- its hash is made on demand
        @values = values
        @row = row
      end

      # @param name [String]
      # @return [ActiveModel::Attribute]
      def [](name) = made[name] || make(name)

      # @param name [String]
      # @param value [ActiveModel::Attribute]
      def []=(name, value)
        made[name] = value
      end

      # @param name [String]
      # @return [Object] the attribute's value
      def fetch_value(name) = @attributes ? super : @values.of(@row, name)

      # @return [Hash{String => Object}] the attributes' values
      def to_hash = @attributes ? super : @values.all_of(@row)
      alias to_h to_hash

      def write_from_user(name, value)
        raise FrozenError, "can't modify frozen attributes" if frozen?

        made[name] = self[name].with_value_from_user(value)
        value
      end

      def write_from_database(name, value)
        made[name] = self[name].with_value_from_database(value)
      end

      def write_cast_value(name, value)
        made[name] = self[name].with_cast_value(value)
      end

      def freeze
        attributes
        super
      end

      def initialize_dup(other)
        attributes
        super
      end

      def initialize_clone(other)
        attributes
        super
      end

      # @return [Hash{String => ActiveModel::Attribute}] the attributes that Marshal stores
      def marshal_dump = attributes

      # @param attributes [Hash{String => ActiveModel::Attribute}]
      def marshal_load(attributes)
        @attributes = attributes
      end

      protected

      # All attributes in the class's own order, regardless of the order of reads.
      def attributes
        return @attributes unless @values

        made = self.made
        @attributes = @values.names.to_h { |name| [name, self[name]] }.merge!(made)
        @values = nil
        @attributes
      end

      # Created on demand: a row that is only read needs no hash.
      def made = @attributes || (@attributes = {})

      private

      def make(name)
        attribute = @values&.attribute(@row, name)
        attribute ? made[name] = attribute : ActiveModel::Attribute.null(name)
      end

      # The values that all rows of an answer share.
      class Values
        # Types that return the core's values unchanged.
        PLAIN = [ActiveModel::Type::Integer, ActiveModel::Type::Boolean, ActiveModel::Type::DateTime,
                 ActiveModel::Type::Decimal].freeze
        private_constant :PLAIN

        # @param defaults [ActiveModel::AttributeSet] of the class
        # @param table [TaskerCore::Table]
        def initialize(defaults, table)
          @defaults = defaults
          @table = table
          @cast = {}
        end

        # @return [Array<String>] the attributes in the class's own order
        def names = @names ||= @defaults.keys

        # @return [Object] as the attribute's type casts it; nil if there is no such attribute
        def of(row, name) = (@cast[name] || cast(name))[row]

        # @return [Hash{String => Object}]
        def all_of(row)
          columns = @columns ||= names.map { |name| @cast[name] || cast(name) }
          values = {}
          names.each_with_index { |name, place| values[name] = columns[place][row] }
          values
        end

        # @return [ActiveModel::Attribute, nil] nil if there is no such attribute
        def attribute(row, name)
          return unless @defaults.key?(name)

          default = @defaults[name]
          @table.key?(name) ? default.with_value_from_user(of(row, name)) : default.dup
        end

        private

        # Each row has its own strings, as the engine's rows do, because a string can be changed.
        def cast(name)
          type = @defaults[name].type
          return @cast[name] = Array.new(@table.size) { @defaults[name].dup.value } unless @table.key?(name)

          column = @table.column(name)
          @cast[name] = plain?(type) && column.none?(Float) ? column : column.map { |value| type.cast(finite(value)) }
        end

        # The engine's rows have nil for an infinite time.
        def finite(value) = value.is_a?(Float) && value.infinite? ? nil : value

        def plain?(type) = PLAIN.any? { |plain| type.instance_of?(plain) } && !type.precision && !type.scale
      end
      private_constant :Values
    end
  end
end
