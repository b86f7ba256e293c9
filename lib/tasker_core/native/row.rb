# frozen_string_literal: true

require_relative 'table'

module TaskerCore
  # One row of an operation's answer. Its attributes are read as methods (row.task_id) or with
  # brackets (row[:task_id]), and rows are compared by value.
  class Row
    class << self
      # @return [Array<Symbol>] the attributes in the order of the engine's columns
      attr_reader :attributes

      # Creates a class of rows.
      #
      # @api private
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

      # @api private
      # @param value [Hash] a decoded table
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
    # @return [Object] the value of the attribute
    # @raise [KeyError] if there is no such attribute
    def [](attribute) = @table.cell(@index, attribute.to_s)

    # @return [Hash{Symbol => Object}]
    def to_h = self.class.attributes.to_h { |attribute| [attribute, self[attribute]] }

    # @return [Boolean] whether the other row has the same class and values
    def ==(other) = other.class == self.class && other.to_h == to_h
    alias eql? ==

    # @return [Integer] equal for equal rows
    def hash = to_h.hash

    # Lets a row be matched by a hash pattern: `in { name:, current_state: }`.
    #
    # @return [Hash{Symbol => Object}]
    def deconstruct_keys(_keys) = to_h

    # @return [String]
    def inspect
      "#<#{self.class.name} #{to_h.map { |name, value| "#{name}=#{value.inspect}" }.join(' ')}>"
    end
  end
end

require_relative '../generated/rows'
