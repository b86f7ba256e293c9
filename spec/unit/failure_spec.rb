# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe TaskerCore::Failure do
  def fields(error) = described_class.fields(error)

  odd = ->(&body) { Class.new(StandardError, &body) }

  it 'has what the engine has' do
    error = begin
      raise ArgumentError, 'no such file'
    rescue ArgumentError => e
      e
    end

    expect(fields(error)).to match('error' => 'no such file', 'error_class' => 'ArgumentError',
                                   'backtrace' => a_string_including('failure_spec.rb'))
    expect(fields('a text')).to eq('error' => 'a text')
  end

  {
    'a message that raises' => odd.call { def message = raise(NotImplementedError) },
    'a message that is nothing of the kind' => odd.call { def message = nil },
    'a message in bytes' => odd.call { def message = "\xFF\xFE".b },
    'a message in another encoding' => odd.call { def message = 'ä'.encode('ISO-8859-1') },
    'a message with zero bytes' => odd.call { def message = "a\0b" },
    'a backtrace that raises' => odd.call { def backtrace = raise(ScriptError) },
    'a backtrace that is none' => odd.call { def backtrace = 7 },
    'no name' => Class.new(StandardError)
  }.each do |what, error|
    it "can be written down: #{what}" do
      written = fields(error.new('a reason'))

      expect(written.keys).to eq(%w[error error_class backtrace])
      expect(JSON.parse(JSON.generate(written))).to eq(written)
      expect(written.values.join).not_to include("\0")
      expect(written['error_class']).not_to be_empty
    end
  end
end
