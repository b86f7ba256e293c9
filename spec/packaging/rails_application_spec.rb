# frozen_string_literal: true

require_relative 'support'

# Another application names the gem by path in its Gemfile, and nothing else.
RSpec.describe 'a Rails application with the gem in its Gemfile' do
  include Packaging

  let(:gemfile) do
    <<~RUBY
      source 'https://rubygems.org'
      gem 'rails', '~> 7.2'
      gem 'pg'
      gem 'tasker_core', path: #{Packaging::ROOT.dump}
    RUBY
  end

  let(:application) do
    <<~RUBY
      require 'bundler/setup'
      require 'rails'
      require 'active_record/railtie'
      Bundler.require

      class Shop < Rails::Application
        config.root = __dir__
        config.load_defaults 7.2
        config.eager_load = true
        config.secret_key_base = 'a test needs none'
        config.log_level = :error
      end
      Shop.initialize!

      core = TaskerCore.on(ActiveRecord::Base.connection)
      core.install_schema
      puts TaskerCore.implementation.inspect, core.task_execution_context(1).inspect, core.viable_steps(1).inspect
    RUBY
  end

  it 'boots, installs the schema and answers from the native core' do
    Dir.mktmpdir('tasker_core-shop') do |folder|
      File.write(File.join(folder, 'Gemfile'), gemfile)
      File.write(File.join(folder, 'shop.rb'), application)

      with_empty_database do |url|
        run('bundle', 'install', '--local', '--quiet', chdir: folder)
        output = run('ruby', 'shop.rb', env: { 'DATABASE_URL' => url, 'RAILS_ENV' => 'production' }, chdir: folder)

        expect(output.lines(chomp: true)).to eq([':native', 'nil', '[]'])
      end
    end
  end
end
