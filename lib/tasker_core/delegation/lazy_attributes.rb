# frozen_string_literal: true

require 'active_model'
require 'active_model/attribute_set'

module TaskerCore
  module Delegation
    # The attributes of one row, made when they are read: wrapping a row costs
    # three small objects, however many columns it has.
    #
    # An attribute is what the engine's own +new+ makes of the same value, so that
    # casts, assignment, dup and marshalling behave as there.
    class LazyAttributes < ActiveModel::AttributeSet
      # Wraps all rows of a table.
      #
      # @param klass [Class] a class of the engine with ActiveModel::Attributes
      # @param table [TaskerCore::Table]
      # @return [Array<Object>] instances of klass, in the table's order
      def self.wrap(klass, table)
        defaults = klass._default_attributes
        Array.new(table.size) do |row|
          instance = klass.allocate
          instance.instance_variable_set(:@attributes, new(defaults, table, row))
          instance
        end
      end

      # @param defaults [ActiveModel::AttributeSet] of the class
      # @param table [TaskerCore::Table]
      # @param row [Integer]
      def initialize(defaults, table, row) # rubocop:disable Lint/MissingSuper -- its hash is made on demand
        @defaults = defaults
        @table = table
        @row = row
        @attributes = nil
        @complete = false
      end

      # @param name [String]
      # @return [ActiveModel::Attribute]
      def [](name) = made[name] || make(name)

      # @param name [String]
      # @param value [ActiveModel::Attribute]
      def []=(name, value)
        made[name] = value
      end

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

      # @return [Hash{String => ActiveModel::Attribute}] what Marshal keeps
      def marshal_dump = attributes

      # @param attributes [Hash{String => ActiveModel::Attribute}]
      def marshal_load(attributes)
        @attributes = attributes
        @complete = true
      end

      protected

      # All of them, in the class's own order, whatever was read first.
      def attributes
        return @attributes if @complete

        all = @defaults.keys.to_h { |name| [name, self[name]] }
        @attributes = all.merge!(made)
        @complete = true
        @attributes
      end

      private

      # Made on demand: a row that nobody reads needs no hash.
      def made
        @attributes || (@attributes = {})
      end

      def make(name)
        return ActiveModel::Attribute.null(name) if @complete || !@defaults.key?(name)

        default = @defaults[name]
        made[name] = @table.key?(name) ? default.with_value_from_user(@table.cell(@row, name)) : default.dup
      end
    end
  end
end
