# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe TaskerCore::Filter do
  def value(parameters, name, value) = described_class.new(parameters).value(name, value)

  it 'hides by name, as Rails does' do
    [:passw, 'passw', /\Apassword\z/].each do |parameter|
      expect(value([parameter], 'password', 'secret')).to eq('[FILTERED]')
      expect(value([parameter], 'step_name', 'open')).to eq('open')
    end
    expect(value([], 'password', 'kept')).to eq('kept')
    expect(described_class.new([:pin], 'x').value('pin', { 'a' => 1 })).to eq('x')
  end

  it 'hides nested values, and asks procs for each value' do
    expect(value([:token], 'results', { 'token' => 1, 'sum' => 2 })).to eq('token' => '[FILTERED]', 'sum' => 2)
    reversed = ->(name, text) { text.reverse! if name == 'error' }
    expect(value([reversed], 'error', +'abc')).to eq('cba')
    expect(value([reversed, :pin], 'pin', 'abc')).to eq('[FILTERED]')
  end

  it 'hides what a proc fails at' do
    expect(value([->(*) { raise 'a fault' }], 'error', 'abc')).to eq('[FILTERED]')
  end

  it "follows the engine's settings" do
    Tasker.configuration.telemetry do |telemetry|
      telemetry.filter_parameters = [:colour]
      telemetry.filter_mask = '*'
    end
    expect(described_class.current.value('colour', 'red')).to eq('*')
    Tasker.reset_configuration!
    expect(described_class.current.value('colour', 'red')).to eq('red')
    expect(described_class.current.value('api_token', 'x')).to eq('[FILTERED]')
  end

  describe 'for the core' do
    def for_core(*parameters) = described_class.new(parameters).for_core

    it 'gives texts and expressions' do
      expect(for_core(:passw, 'a.b', /pin/)).to eq('texts' => %w[passw a.b], 'regexps' => ['(?m)pin'],
                                                   'mask' => '[FILTERED]', 'opaque' => false)
    end

    it 'leaves out arguments where it cannot give everything' do
      expect(for_core(->(_, _) {})).to include('opaque' => true)
      expect(for_core(/(?<!x)pin/, :passw)).to eq('texts' => ['passw'], 'regexps' => [], 'mask' => '[FILTERED]',
                                                  'opaque' => true)
    end
  end
end

RSpec.describe TaskerCore::GoRegexp do
  it 'writes what Go reads the same way' do
    { /\Apin\z/ => '(?m)\Apin\z', /PIN/i => '(?mi)PIN', /a.b/m => '(?ms)a.b', /^\h+$/ => '(?m)^[0-9a-fA-F]+$',
      /credit\.code/ => '(?m)credit\.code', /(?<name>x)/ => '(?m)(?<name>x)', /\\h/ => '(?m)\\\\h',
      Regexp.union(/a/i, /b/m) => '(?m)(?i-s:a)|(?s-i:b)',
      Regexp.new('(?i:passw)|(?-mix:x)') => '(?m)(?i:passw)|(?-si:x)' }.each do |ruby, go|
      expect(described_class.of(ruby)).to eq(go), ruby.inspect
    end
  end

  it 'knows what Go does not have' do
    [/(?=a)/, /(?!a)/, /(?<=a)b/, /(?<!a)b/, /(a)\1/, /(?<n>a)\k<n>/, /(?>a)/, /a++/, /a b/x, /[\hx]/, /a\Z/,
     /[a-z&&[^b]]/].each { |regexp| expect(described_class.of(regexp)).to be_nil, regexp.inspect }
  end

  it 'writes expressions that Go compiles, also those that Rails makes of a list' do
    parameters = ActiveSupport::ParameterFilter.precompile_filters([:passw, 'a.b', /\Apin\z/, /x/i, /(?<!y)z/].first(4))
    sources = parameters.map { |regexp| described_class.of(regexp) }
    settings = { 'log_filter' => { 'texts' => [], 'regexps' => sources, 'mask' => 'x', 'opaque' => false } }
    expect { TaskerCore::Core.new(settings).close }.not_to raise_error
    expect(sources.size).to eq(2)
  end
end
