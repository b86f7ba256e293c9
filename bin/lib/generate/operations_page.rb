# frozen_string_literal: true

module Generate
  # The tables of docs/OPERATIONS.md.
  class OperationsPage
    # @param contract [Contract]
    def initialize(contract)
      @contract = contract
      @shared = contract.shared
    end

    # @return [Hash{String => String}]
    def files
      page = Page.new('docs/OPERATIONS.md')
      @contract.groups.each_key { |group| page.fill(group, operations(group)) }
      page.fill('arguments', arguments).fill('rows', rows).fill('tuples', tuples).fill('errors', errors).file
    end

    private

    def operations(group)
      rows = @contract.operations.select { |operation| operation.group == group }.map do |operation|
        ["`#{operation.name}`", operation.meaning, taken(operation), value(operation), errors_of(operation),
         names(operation.ruby, 'delegation'), names(operation.python, 'by name')]
      end
      Generate.table(['operation', 'what it does', 'arguments', 'value', 'errors', 'Ruby', 'Python'], rows)
    end

    def taken(operation)
      operation.arguments.map do |argument|
        argument.optional ? "`[#{argument.name}]`" : "`#{argument.name}`"
      end.join(' ')
    end

    def value(operation)
      result = operation.result
      text = result['meaning'] || form(result)
      text = "#{form(result)} #{text}" if result['meaning'] && %w[map list tuple].include?(result['kind'])
      result['optional'] && result['kind'] != 'row' ? "#{text}, or nil" : text
    end

    FORMS = { 'table' => 'table of `%s`', 'list' => 'list of %s', 'tuple' => '%s', 'map' => 'map of',
              'nothing' => 'nil', 'scalar' => '%s' }.freeze
    private_constant :FORMS

    def form(result)
      kind, of = result.values_at('kind', 'of')
      return "table of #{result['optional'] ? 'no row or one' : 'one row'}, `#{of}`" if kind == 'row'
      return 'list:' if of == 'any'

      format(FORMS.fetch(kind), of&.match?(/\A[A-Z]/) && kind != 'table' ? "`#{of}`" : plural(kind, of))
    end

    def plural(kind, of) = kind == 'list' ? "#{of}s" : of

    def errors_of(operation) = operation.errors.map { |code| "`#{code}`" }.join(' ')

    def names(list, none) = list.empty? ? none : list.map { |name| "`#{name}`" }.join(' ')

    # Each argument once, with the operations where it has a meaning of its own.
    def arguments
      own = own_arguments.group_by(&:first).transform_values { |uses| uses.map(&:last) }
      rows = { **@shared.values.to_h { |argument| [argument, []] }, **own }
             .sort_by.with_index { |(argument, _), place| [argument.name, place] }
      Generate.table(['argument', 'of', 'type', 'unit, bounds, default', 'meaning'],
                     rows.map { |argument, uses| described(argument, uses) })
    end

    def own_arguments
      @contract.operations.flat_map do |operation|
        taken = operation.arguments.map { |argument| argument.with(optional: false) }
        (taken - @shared.values).map { |argument| [argument, operation.name] }
      end
    end

    def described(argument, uses)
      ["`#{argument.name}`", uses.map { |name| "`#{name}`" }.join(' '), argument.type, argument.limits,
       argument.meaning]
    end

    def rows = forms(@contract.rows, 'row', 'columns')

    def tuples = forms(@contract.tuples, 'tuple', 'places')

    def forms(forms, title, parts)
      rows = forms.map do |form|
        ["`#{form.name}`", form.meaning, form.fields.map { |field| "`#{field.name}` #{field.word}" }.join(', ')]
      end
      Generate.table([title, 'what it is', parts], rows)
    end

    FROM = { 'every' => 'every operation', 'database' => 'those that ask the database', 'own' => 'those that name it',
             'open' => 'opening a core', 'binding' => 'the binding' }.freeze
    private_constant :FROM

    def errors
      rows = @contract.errors.map do |error|
        ["`#{error.code}`", "`#{error.class_name}`", FROM.fetch(error.from), error.meaning, error.advice]
      end
      Generate.table(['code', 'class in Ruby and Python', 'from', 'what happened', 'what to do'], rows)
    end
  end
end
