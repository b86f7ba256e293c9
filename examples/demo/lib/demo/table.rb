# frozen_string_literal: true

module Demo
  # The table of measures: a row for each workflow and call, and for each
  # configuration what the call took.
  class Table
    # @param configurations [Array<String>] names, in the order of their columns
    def initialize(configurations)
      @configurations = configurations
      @rows = []
    end

    # @param measures [Array<Meter::Measure>] one a configuration
    def add(workflow, call, measures)
      @rows << [workflow, call, *measures.flat_map { |one| cells(one) }, answer(measures)]
    end

    # The answer comes last, so that a narrow terminal cuts nothing but that.
    #
    # @param width [Integer] columns there are
    # @return [Array<String>]
    def lines(width:)
      all = [header, *@rows]
      widths = all.transpose.map { |column| column.map(&:size).max }
      body = all.each_cons(2).map { |above, row| line(without_repetition(row, above), widths) }
      [*group_line(widths), line(header, widths), *body].map { |text| clip(text.rstrip, width) }
    end

    private

    def header = ['workflow', 'call', *@configurations.flat_map { %w[ms SQL] }, 'answer']

    # Configurations that disagree are shown with both answers.
    def answer(measures) = measures.map(&:answer).uniq.join(' / ')

    def cells(measure) = [format('%.2f', measure.milliseconds), measure.statements.to_s]

    def group_line(widths)
      return if @configurations.size < 2

      names = @configurations.each_with_index.map { |name, n| name.rjust(widths[(2 * n) + 2, 2].sum + 2) }
      "#{' ' * (widths.take(2).sum + 2)}  #{names.join('  ')}"
    end

    def without_repetition(row, above) = row[0] == above[0] ? ['', *row.drop(1)] : row

    def line(row, widths)
      last = row.size - 1
      cells = row.zip(widths).each_with_index.map do |(cell, width), n|
        n.between?(2, last - 1) ? cell.rjust(width) : cell.ljust(width)
      end
      cells.join('  ')
    end

    def clip(text, width) = text.size > width ? "#{text[0, width - 1]}…" : text
  end
end
