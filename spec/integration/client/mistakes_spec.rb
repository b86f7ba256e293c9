# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# What people get wrong, and what they are told: what failed, on what, and what to do.
RSpec.describe 'mistakes', :database do
  let(:client) { TaskerCore.on(Database.connection) }

  def told(message, error = TaskerCore::InvalidArgument) = raise_error(error, message)

  it 'says that something is no connection' do
    { nil => 'NilClass', ActiveRecord::Base => 'Class' }.each do |odd, name|
      expect { TaskerCore.on(odd) }
        .to told("a #{name} is not a connection; pass an Active Record connection such as ActiveRecord::Base." \
                 'connection')
    end
  end

  it 'names a setting that is not there, or of the wrong kind' do
    { { pool_size: 3 } => 'invalid settings: unknown name pool_size',
      { pool_max_connections: 'many' } =>
        'invalid settings: pool_max_connections is a string; it must be an integer',
      { event_relay: 1 } => 'invalid settings: event_relay is an integer; it must be true or false' }
      .each do |settings, message|
      expect { TaskerCore.open(database_url: Database.url, **settings) }
        .to told(message, TaskerCore::ConfigurationError)
    end
  end

  it 'names the setting, the weight, the argument and the field that may have been meant' do
    expect { TaskerCore.open(database_url: Database.url, pool_max: 3) }
      .to told('invalid settings: unknown name pool_max; did you mean pool_max_connections?',
               TaskerCore::ConfigurationError)
    expect { TaskerCore.configure { |config| config.orchestraton = :active } }
      .to told('unknown setting orchestraton; did you mean orchestration?', TaskerCore::ConfigurationError)
    expect { client.analyze_graph(1, weights: { impact_multipliers: { downstream_wait: 1 } }) }
      .to told(/impact_multipliers: unknown name downstream_wait; did you mean downstream_weight\?/)
    expect { client.claim_ready_steps([{ task: 'etl', step: 'clean', namespce: 'x' }]) }
      .to told(/unknown part of a handler namespce; did you mean namespace\?/)
    expect { TaskerCore.publish('order.paid', {}, taskid: 1) }
      .to told(/unknown field of an event taskid; did you mean task_id\?/)
  end

  it 'says of an event what is no id and no time' do
    expect { TaskerCore.publish('order.paid', {}, task_id: 'x') }
      .to told("it cannot be published: the event's task_id is a string; it must be an integer")
    expect { TaskerCore.publish_events([{ name: 'a' }, { name: 'b', step_id: 1.5 }]) }
      .to told('it cannot be published: event 1 of the list: step_id is a number with a fraction; it must be an ' \
               'integer')
    expect { TaskerCore.publish('order.paid', {}, occurred_at: 'now') }
      .to told('occurred_at is "now"; it must be a Time')
  end

  it "says what is no age, no limit and no timeout, in the caller's unit" do
    [-1, 'soon', nil, 4_000_000_000, Float::NAN].each do |age|
      expect { client.stuck_steps(older_than: age) }
        .to told("older_than is #{age.inspect}; it must be seconds from 0 to 100 years, or a duration such as " \
                 '10.minutes')
    end
    [-1, 'ten', 2**64].each do |limit|
      expect { client.slowest_steps(limit:) }
        .to told("limit is #{limit.inspect}; it must be an integer of 0 or more, or nil for no limit")
    end
    expect { client.claim_ready_steps([], limit: -1) }.to told('limit is -1; it must be from 1 to 1000')
    TaskerCore.open(database_url: Database.url) do |tasker|
      ['soon', -1, nil, 3601].each do |timeout|
        expect { tasker.await_steps(timeout:) }
          .to told("timeout is #{timeout.inspect}; it must be seconds from 0 to 3600")
      end
    end
    [0, 'soon'].each do |timeout|
      expect { TaskerCore.open(database_url: Database.url, pool_acquire_timeout_seconds: timeout) }
        .to told(/pool_acquire_timeout_seconds is .*; it must be/, TaskerCore::ConfigurationError)
    end
  end

  it 'takes ages that are durations, and none' do
    expect([client.stuck_steps(older_than: 10.minutes), client.stuck_steps(older_than: 0)]).to eq([[], []])
  end

  it 'tells an unknown task from one of which there is nothing to say, where that is asked for' do
    without_steps = Rows.task
    %i[step_readiness viable_steps dependency_levels step_dag].each do |read|
      expect([client.public_send(read, 4711),
              client.public_send(read, without_steps, must_exist: true)]).to eq([[], []])
      expect { client.public_send(read, 4711, must_exist: true) }
        .to told('there is no task 4711, or the transaction that creates it is not committed yet', TaskerCore::NotFound)
    end
  end

  it 'does not call deleted what never was' do
    expect { client.transition_step(4711, to: 'in_progress') }
      .to told('there is no step 4711, or the transaction that creates it is not committed yet', TaskerCore::NotFound)
  end

  it 'reaches the database with a ping' do
    expect(client.ping).to eq('pong')
    TaskerCore.open(database_url: 'postgresql://nobody@127.0.0.1:1/nothing') do |tasker|
      expect(tasker.ping(database: false)).to eq('pong')
      expect { tasker.ping }.to raise_error(TaskerCore::DatabaseError)
    end
  end

  it 'says a failure once: a script gets the exception, and no line of the log beside it' do
    script = <<~RUBY
      TaskerCore.open(database_url: 'postgresql://nobody@127.0.0.1:1/nothing', **SETTINGS) do |tasker|
        tasker.ping
      rescue TaskerCore::DatabaseError
        puts 'told'
      end
    RUBY
    expect(Children.ruby("require 'tasker_core'; SETTINGS = {}\n#{script}").first).to eq("told\n")
    expect(Children.ruby("require 'tasker_core'; SETTINGS = { log_level: 'info' }\n#{script}").first)
      .to match(/\A\{.*"operation failed".*\}\ntold\n\z/)
  end

  it 'refuses to write into a file what its name does not say' do
    expect { TaskerCore::Drawing.format_of('task.png') }
      .to told('task.png has an unknown extension: a drawing is written to .svg, or to .mmd or .md for Mermaid')
    expect(%w[a.svg a.SVG a.mmd a.md].map do |file|
             TaskerCore::Drawing.format_of(file)
           end).to eq(%w[svg svg mermaid mermaid])
    expect([TaskerCore::Drawing.format_of(nil), TaskerCore::Drawing.format_of(nil, 'mermaid')]).to eq(%w[svg mermaid])
  end

  it 'says what a URL must begin with' do
    expect { TaskerCore.open(database_url: 'mysql://me:s3cr3t@host/shop') }
      .to told('database_url cannot be used: it must begin with postgresql:// or postgres://',
               TaskerCore::ConfigurationError)
  end

  it 'says what is no list of ids, no time and no handler' do
    expect { client.step_readiness_batch(7) }.to told('7 is not a list of ids')
    expect { client.slowest_steps(since: 'soon') }.to told('"soon" is not a point in time; pass a Time')
    expect { client.claim_ready_steps([{ task: 'etl' }], limit: 1) }
      .to told(/is not a handler; it must be a Hash with :task and :step, and may have :namespace and :version/)
  end

  it 'names what does not fit a subscription' do
    expect { TaskerCore.subscribe('step.failed', task_id: 'seven') { nil } }
      .to told('"seven" is not an id; it must be an integer')
    TaskerCore.listen
    expect { TaskerCore.subscribe('step.failed', namespace: 7) { nil }.close }
      .to told('invalid arguments: namespace is an integer; it must be a string')
  end

  it 'refuses a subscription to a client that was closed' do
    closed = TaskerCore.open(database_url: Database.url).tap(&:close)

    expect { closed.subscribe('*') { nil } }.to told('this client is closed')
    expect { closed.viable_steps(1) }.to told('this core is closed')
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
