# frozen_string_literal: true

require 'json'

# What is written by hand once and made into files of every language: see bin/generate.
module Generate
  ROOT = File.expand_path('../../..', __dir__)

  # A column of a row or a place of a tuple. note is a sentence without its end, or nil.
  Field = Data.define(:name, :type, :optional, :note) do
    # @param fields [Hash{String => String}] types by name; those that may be null end in "?"
    # @param notes [Hash{String => String}]
    # @return [Array<Field>]
    def self.all(fields, notes)
      fields.map { |name, type| new(name, type.delete_suffix('?'), type.end_with?('?'), notes[name]) }
    end

    # @return [String] the type, with "?" where it may be null
    def word = "#{type}#{'?' if optional}"
  end

  # The columns of a table. single is whether an operation answers with one such row.
  Row = Data.define(:name, :meaning, :single, :fields)

  # A list with named places.
  Tuple = Data.define(:name, :meaning, :fields)

  # An error code. from is where it comes from: every operation, those that ask the database,
  # those that name it (own), the opening of a core (open) or the binding.
  ErrorCode = Data.define(:code, :class_name, :from, :meaning, :advice)

  # What an operation takes.
  Argument = Data.define(:name, :type, :optional, :unit, :default, :minimum, :maximum, :values, :meaning) do
    # @return [String] unit, bounds and default in words
    def limits
      choice = "one of #{values.join(', ')}" if values
      otherwise = "default `#{shown(default)}`" unless default.nil?
      [unit, bounds, choice, otherwise].compact.join('; ')
    end

    private

    def bounds
      return "at most #{number(maximum)} elements" if maximum && %w[ids list texts].include?(type)
      return "#{number(minimum)} to #{number(maximum)}" if minimum && maximum

      "from #{number(minimum)}" if minimum
    end

    def shown(value) = value.is_a?(Integer) ? number(value) : value

    def number(value) = Generate.digits(value)
  end

  # What can be asked of the core. hook tells what a binding makes of it by hand, where that is
  # more than the contract says.
  Operation = Data.define(:name, :group, :meaning, :writes, :hook, :arguments, :result, :errors, :ruby, :python)

  # operations.json, read.
  class Contract
    PATH = File.join(ROOT, 'ext/tasker_core/go/wire/operations.json')
    private_constant :PATH

    # @return [Hash{String => String}] the titles of the groups of operations
    attr_reader :groups

    def initialize(source = JSON.parse(File.read(PATH)))
      @source = source
      @groups = source['groups']
    end

    # @return [Array<ErrorCode>]
    def errors
      @source['errors'].map do |error|
        ErrorCode.new(*error.values_at('code', 'class', 'from', 'meaning', 'advice'))
      end
    end

    # @return [Array<Row>]
    def rows
      @source['rows'].map do |name, row|
        Row.new(name, row['meaning'], row['single'] || false, Field.all(row['columns'], row['notes'] || {}))
      end
    end

    # @return [Array<Tuple>]
    def tuples
      @source['tuples'].map do |name, tuple|
        Tuple.new(name, tuple['meaning'], Field.all(tuple['places'], tuple['notes'] || {}))
      end
    end

    # @return [Array<Operation>] in the order of the file
    def operations
      @operations ||= @source['operations'].map do |operation|
        arguments = operation['arguments'].map { |argument| argument_of(argument) }
        Operation.new(*operation.values_at('name', 'group', 'meaning', 'writes', 'hook'), arguments,
                      operation['result'], *operation.values_at('errors', 'ruby', 'python').map { |list| list || [] })
      end
    end

    # @return [Hash{String => Argument}] those that have one meaning in several operations
    def shared = @source['arguments'].to_h { |name, fields| [name, described(name, fields)] }

    private

    # An argument is a map of its own, or the name of a shared one, with "?" where it may be left out.
    def argument_of(argument)
      return described(argument['name'], argument) if argument.is_a?(Hash)

      name = argument.delete_suffix('?')
      described(name, { 'optional' => argument.end_with?('?'), **@source['arguments'].fetch(name) })
    end

    def described(name, fields)
      Argument.new(name, fields['type'], fields['optional'] || false,
                   *fields.values_at('unit', 'default', 'minimum', 'maximum', 'values', 'meaning'))
    end
  end

  # A page whose tables are generated and whose prose is by hand.
  class Page
    # @param path [String] below the repository's root
    def initialize(path)
      @path = File.join(ROOT, path)
      @text = File.read(@path)
    end

    # Replaces what is between the markers of a name.
    #
    # @param name [String]
    # @param table [String]
    # @return [self]
    def fill(name, table)
      between = %r{(?<=<!-- bin/generate: #{name} -->\n).*?(?=<!-- bin/generate: end -->)}m
      raise "#{@path} has no place for #{name}" unless @text.match?(between)

      @text = @text.sub(between) { table }
      self
    end

    # @return [Hash{String => String}] the text by path
    def file = { @path => @text }
  end

  module_function

  # @param header [Array<String>]
  # @param rows [Array<Array<String>>]
  # @return [String] a table in Markdown
  def table(header, rows)
    lines = rows.map { |cells| "| #{cells.join(' | ')} |\n".gsub('|  |', '| |') }
    "| #{header.join(' | ')} |\n|#{'---|' * header.size}\n#{lines.join}"
  end

  # @param number [Integer]
  # @return [String] its digits in groups
  def digits(number) = number.to_s.gsub(/(?<=\d)(?=(\d{3})+$)/, ',')

  # @param text [String] such as step_ids
  # @return [String] such as stepIds
  def camel(text) = text.gsub(/_(\w)/) { ::Regexp.last_match(1).upcase }

  # @param text [String] such as FinishReply
  # @return [String] such as finish_reply
  def snake(text) = text.gsub(/(?<=[a-z])(?=[A-Z])/, '_').downcase
end
