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

  # Follows the lines back: what a drawing says, read by somebody who sees only it.
  def read(lines)
    open = {}
    lines.to_h do |name, line|
      cells = (line.before + "\u0000" + line.after).chars.each_slice(2).map(&:first)
      gaps = (line.before + "\u0000" + line.after).chars.each_slice(2).map { |_, gap| gap == '─' }
      column = cells.index("\u0000")
      joined = reach(column, cells, gaps)
      parents = joined.map { |place| open.fetch(place) }
      parents |= [open[column]] if open[column]
      cells.each_index { |place| open.delete(place) unless '│├┼┤'.include?(cells[place].to_s) }
      open.delete_if { |place, _| place >= cells.size }
      open[column] = name
      [name, parents.sort]
    end
  end

  def reach(column, cells, gaps)
    left = (0...column).to_a.reverse.take_while { |place| gaps[place] }
    right = ((column + 1)...cells.size).take_while { |place| gaps[place - 1] }
    (left + right).select { |place| '├┼┤╰┴╯'.include?(cells[place]) }
  end

  it 'says what the graph says, whatever the graph' do
    random = Random.new(14)
    300.times do
      count = random.rand(1..14)
      density = random.rand
      graph = (1..count).to_h do |node|
        [node, (1...node).select { random.rand < density * 0.5 }]
      end
      read = read(described_class.of(graph))
      expect(read.transform_values { |parents| parents & graph.keys }).to eq(graph), "#{graph}\n#{drawn(graph).join("\n")}"
    end
  end
end
