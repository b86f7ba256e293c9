# frozen_string_literal: true

require 'English'
require 'json'
require 'pathname'
require_relative '../spec_helper'

RSpec.describe 'the RBS signatures' do
  root = Pathname.new(File.expand_path('../..', __dir__))

  # What stands behind the public interface and is none of it.
  let(:internal) do
    %i[Core Delivery Engine EventCodec Failover Failure Filter FirstStatements FunctionVersions GoRegexp HostConnection
       Ids Installation Limits LogConsumer Native Nearest Notifications PerDatabase ProcessSettings QueueConsumer
       Railtie Shadow Subscriptions Table Terminal UnclosedHandles]
  end
  # Public to Ruby, since another file of this gem calls them, and marked or meant for nobody else.
  let(:unmentioned) do
    %w[TaskerCore.subscriptions Session#context_row Session#on Configuration#method_missing Subscription#attach
       Subscription#detach Subscription#receive Row.all Row.of LogSubscriber.log_levels Stats.of Tracing.apply
       Tracing.inside Tracing.statement Tracing::Span#trace Relay.complete Relay.deliver Relay.on? Relay.sends?
       Relay.with_connection Relay.origin Secret#as_json Secret#to_json Secret#encode_with Secret.reveal]
  end

  # RBS runs in a process of its own: it is no gem of this bundle.
  def ruby(*arguments)
    environment = { 'RUBYOPT' => nil, 'BUNDLE_GEMFILE' => nil }
    IO.popen(environment, [RbConfig.ruby, *arguments, { err: %i[child out] }], &:read)
      .tap { |output| expect($CHILD_STATUS).to be_success, output }
  end

  before(:context) do
    @declared = JSON.parse(ruby('-e', <<~RUBY))
      require 'rbs'
      require 'json'
      loader = RBS::EnvironmentLoader.new
      loader.add(library: 'bigdecimal', version: nil)
      loader.add(path: Pathname.new('#{root.join('sig')}'))
      environment = RBS::Environment.from_loader(loader).resolve_type_names
      builder = RBS::DefinitionBuilder.new(env: environment)
      names = environment.class_decls.keys.select { |name| name.to_s.start_with?('::TaskerCore') }
      methods = lambda do |definition, name|
        definition.methods.select { |_, method| method.defined_in == name && method.public? }.keys
      end
      puts JSON.generate(names.to_h do |name|
        [name.to_s, [methods.(builder.build_instance(name), name), methods.(builder.build_singleton(name), name)]]
      end)
    RUBY
  end

  attr_reader :declared

  it 'have no file without a source' do
    stale = root.glob('sig/**/*.rbs').map { |file| root.join('lib', file.relative_path_from(root.join('sig'))) }
                .map { |file| file.sub_ext('.rb') }.reject(&:file?)
    expect(stale).to be_empty
  end

  it 'declare only methods that are there' do
    missing = declared.flat_map do |name, (instance, singleton)|
      constant = Object.const_get(name)
      instance.reject { |method| constant.method_defined?(method) || constant.private_method_defined?(method) }
              .map { |method| "#{name}##{method}" } +
        singleton.reject { |method| constant.respond_to?(method, true) }.map { |method| "#{name}.#{method}" }
    end
    expect(declared.size).to be > 30
    expect(missing).to be_empty
  end

  it 'declare each public class' do
    known = declared.keys.map { |name| name[/\A::TaskerCore::(\w+)/, 1]&.to_sym }
    lib = File.expand_path('../../lib', __dir__)
    modules = TaskerCore.constants.select do |name|
      TaskerCore.const_get(name).is_a?(Module) && TaskerCore.const_source_location(name).first.to_s.start_with?(lib)
    end
    expect(modules - known - internal).to be_empty
  end

  # What Ruby gives to every Struct and Data, and what objects have anyway.
  let(:generated) { %i[inspect to_s == eql? hash respond_to_missing?] }
  let(:generated_self) { %i[new [] members keyword_init? inspect] }

  def own_methods(constant, declared_methods, ignored)
    constant.public_instance_methods(false).map(&:to_s) - declared_methods - ignored.map(&:to_s)
  end

  it 'declare each method of a public class' do
    missing = declared.flat_map do |name, (instance, singleton)|
      constant = Object.const_get(name)
      short = name.delete_prefix('::TaskerCore::').delete_prefix('::')
      own_methods(constant, instance, generated).map { |method| "#{short}##{method}" } +
        own_methods(constant.singleton_class, singleton, generated_self).map { |method| "#{short}.#{method}" }
    end
    expect(missing - unmentioned).to be_empty
  end
end
