# frozen_string_literal: true

require_relative '../spec_helper'

# Rules that are written in Go and in Ruby: both run the same tables. Those of Go are
# go/relay/cases_test.go, go/event/filter_test.go and go/telemetry/filter_test.go.
RSpec.describe 'rules that Go and Ruby share' do
  def cases(name) = JSON.parse(File.read(File.expand_path("../fixtures/#{name}.json", __dir__)))

  it 'frames messages of the relay: which list, which part of how many, how long' do
    cases('relay-messages').each do |one|
      texts = one['texts'].map { |size| '1' * size }
      framed = TaskerCore::Relay::Message.pack(one['origin'], texts).map { |message| frame(message) }
      first = framed.dig(0, 0).to_i

      expect(framed.map { |number, *rest| [number - first, *rest] }).to eq(one['messages']), one.inspect
    end
  end

  # The number of a message's list, its part, the parts, and the bytes of the part.
  def frame(message)
    head, part = message.split("\n", 2)
    expect(message.bytesize).to be < 8000
    head.split.last(3).map { |word| Integer(word) } << part.bytesize
  end

  it 'names events' do
    cases('event-names').each do |one|
      TaskerCore.configuration.event_relay = true
      TaskerCore.configuration.event_relay_names = one['names']
      expect(TaskerCore::Relay.sends?(one['event'])).to be(one['named']), one.inspect
    end
  ensure
    TaskerCore.configuration.event_relay = false
    TaskerCore.configuration.event_relay_names = ['*']
  end

  it 'hides values of the log' do
    cases('log-filter').each do |one|
      parameters = one['texts'] + one['regexps'].map { |source| Regexp.new(source) }
      expect(TaskerCore::Filter.new(parameters).value(one['key'], one['value'])).to eq(one['shown']), one.inspect
    end
  end
end
