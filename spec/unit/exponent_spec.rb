# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/exponent'

RSpec.describe Exponent do
  it 'is one for a line, two for a square, none for what stays the same' do
    sizes = [10, 30, 100]

    expect(described_class.of(sizes.to_h { |n| [n, 7 * n] })).to be_within(1e-9).of(1)
    expect(described_class.of(sizes.to_h { |n| [n, n * n / 3.0] })).to be_within(1e-9).of(2)
    expect(described_class.of(sizes.to_h { |n| [n, 5] })).to be_within(1e-9).of(0)
  end

  it 'is said in words' do
    expect([0.05, 0.5, 1, 1.5, 2, 3].map { |exponent| described_class.words(exponent) }).to eq(
      ['not at all', 'slower than linearly', 'linearly', 'faster than linearly', 'with the square',
       'faster than the square']
    )
  end
end
