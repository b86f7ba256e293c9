# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe TaskerCore::Watch::Lanes do
  def drawn(graph) = described_class.of(graph).map { |name, line| "#{line.before}●#{line.after} #{name}" }

  it 'leads each node to what waits for it' do
    expect(drawn('a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c])).to eq(['● a', '├─● b', '● │ c', '●─╯ d'])
    expect(drawn('a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => ['a'], 'e' => %w[b c], 'f' => %w[c d], 'g' => %w[a f],
                 'h' => %w[e g]))
      .to eq(['● a', '├─● b', '├─│─● c', '├─│─│─● d', '│ ●─┤ │ e', '│ │ ●─╯ f', '●─│─╯ g', '●─╯ h'])
  end

  it 'puts a node below another one only where it waits for it' do
    expect(drawn('a' => [], 'b' => [], 'c' => [], 'd' => ['c'])).to eq(['● a', '  ● b', '● c', '● d'])
  end

  # Follows the lines back: what a drawing says to somebody who sees only it.
  reader = Class.new do
    def initialize
      @open = {}
    end

    # @return [Array] what the node of the next line waits for
    def parents(name, line)
      pairs = "#{line.before}*#{line.after}".chars.each_slice(2)
      cells = pairs.map(&:first)
      gaps = pairs.map(&:last)
      column = cells.index('*')
      found = [*reach(column, cells, gaps), column].filter_map { |place| @open[place] }
      @open.select! { |place, _| '│├┼┤'.include?(cells[place] || ' ') }
      @open[column] = name
      found.sort
    end

    private

    def reach(column, cells, gaps)
      left = (0...column).to_a.reverse.take_while { |place| gaps[place] == '─' }
      right = ((column + 1)...cells.size).take_while { |place| gaps[place - 1] == '─' }
      (left + right).select { |place| '├┼┤╰┴╯'.include?(cells[place]) }
    end
  end

  it 'says what the graph says, whatever the graph' do
    random = Random.new(14)
    300.times do
      count = random.rand(1..14)
      density = random.rand
      graph = (1..count).to_h do |node|
        [node, (1...node).select { random.rand < density * 0.5 }]
      end
      eyes = reader.new
      read = described_class.of(graph).to_h { |name, line| [name, eyes.parents(name, line)] }
      expect(read).to eq(graph), "#{graph}\n#{drawn(graph).join("\n")}"
    end
  end
end
