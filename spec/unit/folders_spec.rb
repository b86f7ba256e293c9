# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/constant_uses'

# Which folder of lib/tasker_core may use which, by the constants that its files name and the files
# that they require; ARCHITECTURE.md draws it. Arrows go one way.
RSpec.describe 'the folders of lib/tasker_core' do
  below = %w[native telemetry events client]
  inside = %w[engine engine/publisher_hooks engine/reads engine/states engine/jobs engine/external]
  arrows = {
    'native' => [],
    'generated' => %w[native],
    'telemetry' => %w[native],
    'events' => %w[native telemetry],
    'client' => %w[native telemetry events],
    'engine' => %w[native],
    'engine/publisher_hooks' => %w[native events engine],
    'engine/reads' => %w[native client engine],
    'engine/states' => %w[native client engine],
    'engine/jobs' => %w[native engine],
    'engine/external' => %w[native client engine engine/jobs],
    'engine/runner' => [*below, *inside],
    'operations' => [*below, *inside, 'engine/runner'],
    'rails' => [*below, *inside, 'engine/runner', 'operations']
  }

  # What every file may use: the version, the settings, reports and errors, and what bin/generate makes.
  common = %w[version.rb configuration.rb secret.rb report.rb native/errors.rb native/nearest.rb
              generated/rows.rb generated/tuples.rb generated/settings.rb generated/error_codes.rb]

  # The files that go against the arrows, with what they name and why.
  exceptions = {
    # To apply the settings is to hand them to those who follow them.
    'configuration.rb' => %w[Core Tracing LogSubscriber Engine],
    # A report is published as a notification of Active Support, too.
    'report.rb' => %w[Notifications],
    # A core is opened with its subscriptions and its log, publishes, and is watched as it works: what
    # its parts need of each other meets here.
    'native/core.rb' => %w[../events/event_codec ../events/subscriptions ../telemetry/notifications Delivery EventCodec
                           LogConsumer Notifications ProcessSettings Relay Subscriptions Tracing],
    # Events of a transaction are published with its COMMIT, on its connection; statements are traced.
    'native/host_connection.rb' => %w[Relay Tracing],
    # A call that names a session alone belongs to the task that this thread's run has.
    'telemetry/notifications.rb' => %w[Engine::Runner::CurrentWork],
    # The doors of the engine's folders name what is behind them.
    'engine/engine.rb' => %w[PublisherHooks StepDag],
    'engine/states.rb' => :all, 'engine/runner.rb' => :all, 'engine/publisher_hooks.rb' => :all
  }

  lib = ConstantUses::LIB
  files = Dir[File.join(lib, '**/*.rb')].map { |file| file.delete_prefix("#{lib}/") }

  # @return [String, nil] nil for what stands beside the folders
  folder = lambda do |file|
    file[%r{\A(engine/(?:#{Dir.children("#{lib}/engine").reject { |name| name.end_with?('.rb') }.join('|')}))/}, 1] ||
      file[%r{\A(\w+)/}, 1]
  end

  before(:context) { TaskerCore::Engine.apply } # loads what is loaded on first use

  files.each do |file|
    it "#{file} uses what its folder may" do
      mine = folder.call(file)
      excepted = exceptions.fetch(file, [])
      foreign = ConstantUses.of(file).reject do |use|
        theirs = folder.call(use.file)
        theirs == mine || common.include?(use.file) || arrows.fetch(mine, []).include?(theirs) ||
          excepted == :all || excepted.include?(use.name)
      end
      expect(foreign).to be_empty
    end
  end

  it 'are the folders that have arrows' do
    expect(files.map(&folder).compact.uniq).to match_array(arrows.keys)
  end

  it 'have no circle' do
    order = arrows.keys
    arrows.each { |from, to| expect(to.map { |one| order.index(one) }).to all(be < order.index(from)) }
  end

  it 'have no exception that nobody needs' do
    named = exceptions.reject { |_, names| names == :all }
    idle = named.to_h { |file, names| [file, names - ConstantUses.of(file).map(&:name)] }
    expect(idle.reject { |_, names| names.empty? }).to be_empty
  end

  it 'have about a dozen files each' do
    sizes = files.group_by { |file| File.dirname(file) }.transform_values(&:size)
    expect(sizes.select { |_, size| size > 14 }).to be_empty
  end
end
