# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/children'

# The demo as bin/demo starts it where the engine is, on an empty database.
RSpec.describe 'the demo on tasker-engine' do
  def with_empty_database
    name = "tasker_core_demo_#{SecureRandom.hex(4)}"
    server = PG.connect(EngineDatabase::SERVER)
    server.exec("CREATE DATABASE #{name} TEMPLATE template0")
    yield EngineDatabase::SERVER.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{name}")
  ensure
    server.exec("DROP DATABASE IF EXISTS #{name} WITH (FORCE)")
    server.close
  end

  it 'runs every workflow by the engine alone, with the core under its loop, and with the core' do
    output, status = with_empty_database do |url|
      Open3.capture2e({ 'DATABASE_URL' => url, 'RAILS_ENV' => nil }, RbConfig.ruby, '-W0',
                      File.join(Children::ROOT, 'examples/demo/run.rb'))
    end

    expect(status).to be_success, output
    expect(output).to include("under tasker-engine #{Tasker::VERSION}")
      .and match(/^ +engine alone +core, engine's loop +with tasker_core$/)
    expect(output.scan(/run the task( +[\d.]+ +\d+){3} +complete$/).size).to eq(3)
  end
end
