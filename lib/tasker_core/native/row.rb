# frozen_string_literal: true

require_relative 'table'

module TaskerCore
  # One row of an operation's answer. It reads like an object (row.task_id), like
  # a hash (row[:task_id]) and compares by value.
  class Row
    class << self
      # @return [Array<Symbol>] the attributes in the order of the engine's columns
      attr_reader :attributes

      # Makes a class of rows.
      #
      # @param attributes [Array<Symbol>]
      # @return [Class<Row>]
      def of(*attributes)
        Class.new(self) do
          @attributes = attributes.freeze
          attributes.each do |attribute|
            class_eval("def #{attribute} = @table.column('#{attribute}')[@index]", __FILE__, __LINE__)
          end
        end
      end

      # @param value [Hash] a table as msgpack gives it
      # @return [Array<Row>]
      def all(value)
        table = Table.new(value)
        Array.new(table.size) { |index| new(table, index) }
      end
    end

    def initialize(table, index)
      @table = table
      @index = index
    end

    # @param attribute [Symbol, String]
    # @raise [KeyError] if there is no such attribute
    def [](attribute) = @table.cell(@index, attribute.to_s)

    # @return [Hash{Symbol => Object}]
    def to_h = self.class.attributes.to_h { |attribute| [attribute, self[attribute]] }

    def ==(other) = other.class == self.class && other.to_h == to_h
    alias eql? ==

    def hash = to_h.hash

    def deconstruct_keys(_keys) = to_h

    def inspect
      "#<#{self.class.name} #{to_h.map { |name, value| "#{name}=#{value.inspect}" }.join(' ')}>"
    end
  end
end

require_relative '../generated/rows'
