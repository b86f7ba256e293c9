# frozen_string_literal: true

require_relative '../spec_helper'

# What people get wrong, and what they are told: what failed, on what, and what to do.
RSpec.describe 'mistakes', :database do
  let(:client) { TaskerCore.on(Database.connection) }

  def told(message, error = TaskerCore::InvalidArgument) = raise_error(error, message)

  it 'says that something is no connection' do
    { nil => 'NilClass', ActiveRecord::Base => 'Class' }.each do |odd, name|
      expect { TaskerCore.on(odd) }
        .to told("a #{name} is no connection; give one of Active Record, such as ActiveRecord::Base.connection")
    end
  end

  it 'names a setting that is not there, or of the wrong kind' do
    { { pool_size: 3 } => 'the settings do not fit: there is no pool_size',
      { pool_max_connections: 'many' } =>
        'the settings do not fit: pool_max_connections is a text; it must be an integer',
      { event_relay: 1 } => 'the settings do not fit: event_relay is an integer; it must be true or false' }
      .each do |settings, message|
      expect { TaskerCore.open(database_url: Database.url, **settings) }
        .to told(message, TaskerCore::ConfigurationError)
    end
  end

  it 'says what a URL must begin with' do
    expect { TaskerCore.open(database_url: 'mysql://me:s3cr3t@host/shop') }
      .to told('database_url cannot be used: it must begin with postgresql:// or postgres://',
               TaskerCore::ConfigurationError)
  end

  it 'says what is no list of ids, no time and no handler' do
    expect { client.step_readiness_batch(7) }.to told('7 is no list of ids')
    expect { client.slowest_steps(since: 'soon') }.to told('"soon" is no point in time; give a Time')
    expect { client.claim_ready_steps([{ task: 'etl' }], limit: 1) }
      .to told(/is no handler; it must be a Hash with :task and :step, and may have :namespace and :version/)
  end

  it 'names what does not fit a subscription' do
    expect { TaskerCore.subscribe('step.failed', task_id: 'seven') { nil } }
      .to told('"seven" is no id; it must be an integer')
    TaskerCore.listen
    expect { TaskerCore.subscribe('step.failed', namespace: 7) { nil }.close }
      .to told('the arguments do not fit the operation: namespace is an integer; it must be a text')
  end

  it 'refuses a subscription to a client that was closed' do
    closed = TaskerCore.open(database_url: Database.url).tap(&:close)

    expect { closed.subscribe('*') { nil } }.to told('this client was closed')
    expect { closed.viable_steps(1) }.to told('this core was closed')
  end

  it 'says where the schema must come from' do
    Database.empty do |connection|
      url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      TaskerCore.open(database_url: url) do |tasker|
        expect { tasker.viable_steps(1) }
          .to told(/"tasker_\w+" does not exist .*run the engine's migrations, or install_schema/,
                   TaskerCore::SchemaMissing)
      end
    end
  end
end
