# frozen_string_literal: true

require 'pp' # rubocop:disable Lint/RedundantRequireStatement -- pretty_inspect is not there without it
require_relative '../spec_helper'
require 'English'
require 'json'
require 'uri'
require 'yaml'

# A password is printed in no form.
RSpec.describe 'settings that may hold a password' do
  password = 's3cr3t'
  url = "postgresql://me:#{password}@host/shop"
  settings = { event_relay_url: url, otlp_endpoint: "https://me:#{password}@collector:4318/#{password}?key=#{password}" }
  let(:configuration) do
    TaskerCore::Configuration.new.tap { |c| settings.each { |name, value| c.public_send(:"#{name}=", value) } }
  end

  forms = {
    'inspect' => lambda(&:inspect),
    'to_s' => lambda(&:to_s),
    'pp' => ->(c) { c.pretty_inspect },
    'to_h' => ->(c) { c.to_h.to_s },
    'to_h as JSON' => ->(c) { JSON.generate(c.to_h) },
    'to_h as JSON by Active Support' => ->(c) { c.to_h.to_json },
    'itself as JSON by Active Support' => ->(c) { ActiveSupport::JSON.encode(c) },
    'as YAML' => ->(c) { c.to_yaml },
    'to_h as YAML' => ->(c) { c.to_h.to_yaml },
    'text in text' => ->(c) { "#{c} #{c.to_h}" },
    'instance variables' => ->(c) { c.instance_variables.map { |name| c.instance_variable_get(name).inspect }.join },
    'a NoMethodError' => ->(c) { (c.colour rescue $ERROR_INFO).full_message }, # rubocop:disable Style/RescueModifier
    'a frozen error' => ->(c) { (c.dup.freeze.to_h[:event_relay_url] << 'x' rescue $ERROR_INFO).full_message } # rubocop:disable Style/RescueModifier
  }
  forms.each do |what, form|
    it "shows none: #{what}" do
      printed = form.call(configuration)

      expect(printed).not_to include(password)
      expect(printed).not_to be_empty
    end
  end

  it 'gives the text to whom asks for the setting itself, and to the core' do
    settings.each do |name, value|
      expect(configuration.public_send(name)).to eq(value)
      expect(configuration.core_settings[name.name]).to eq(value)
      expect(configuration.to_h[name].to_s).to eq('[hidden]')
    end
    expect(TaskerCore::Configuration.new.to_h.values_at(*settings.keys)).to eq([nil, nil])
  end

  it 'names the class of what a setting does not take' do
    settings.each do |name, value|
      [URI(value), value.to_sym, [value], { url: value }, StringIO.new(value)].each do |given|
        expect { configuration.public_send(:"#{name}=", given) }
          .to raise_error(TaskerCore::ConfigurationError) { |error|
                expect(error.full_message).to include(name.name, given.class.name).and exclude(password)
              }
      end
    end
  end

  it 'names the class of what a core cannot be opened with' do
    [URI(url), [URI(url)], Object.new].each do |given|
      expect { TaskerCore.open(database_url: 'postgresql://host/shop', event_relay_url: given) }
        .to raise_error(TaskerCore::ConfigurationError) { |error|
              expect(error.full_message).to include('event_relay_url', given.class.name).and exclude(password)
            }
    end
    expect { TaskerCore.open(database_url: URI(url)) }
      .to raise_error(TaskerCore::ConfigurationError) { |error| expect(error.full_message).to exclude(password) }
  end

  RSpec::Matchers.define :exclude do |text|
    match { |printed| !printed.include?(text) }
  end
end
