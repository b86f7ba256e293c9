# frozen_string_literal: true

require 'English'
require 'pathname'
require_relative '../spec_helper'

RSpec.describe 'the RBS signatures' do
  root = Pathname.new(File.expand_path('../..', __dir__))
  # What is put under the engine is nobody's interface.
  sources = root.glob('lib/**/*.rb').reject { |file| file.to_s.match?(%r{/templates/|/tasker_core/engine/}) }

  sources.each do |source|
    relative = source.relative_path_from(root.join('lib'))
    it "have a file for lib/#{relative}" do
      expect(root.join('sig', relative).sub_ext('.rbs')).to be_file
    end
  end

  it 'have no file without a source' do
    stale = root.glob('sig/**/*.rbs').map { |file| root.join('lib', file.relative_path_from(root.join('sig'))) }
                .map { |file| file.sub_ext('.rb') }.reject(&:file?)
    expect(stale).to be_empty
  end

  context 'with the gem rbs', if: Gem::Specification.find_all_by_name('rbs').any? do
    # RBS runs in a process of its own: it is no gem of this bundle.
    def ruby(code)
      environment = { 'RUBYOPT' => nil, 'BUNDLE_GEMFILE' => nil }
      IO.popen(environment, [RbConfig.ruby, '-e', code, { err: %i[child out] }], &:read)
        .tap { |output| expect($CHILD_STATUS).to be_success, output }
    end

    let(:declared) do
      JSON.parse(ruby(<<~RUBY))
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

    it 'resolve, and declare only methods that are there' do
      loaded = declared.reject { |name, _| name.match?(/Railtie|Generators/) }
      missing = loaded.flat_map do |name, (instance, singleton)|
        constant = Object.const_get(name)
        instance.reject { |method| constant.method_defined?(method) || constant.private_method_defined?(method) }
                .map { |method| "#{name}##{method}" } +
          singleton.reject { |method| constant.respond_to?(method, true) }.map { |method| "#{name}.#{method}" }
      end
      expect(declared.size).to be > 30
      expect(missing).to be_empty
    end
  end
end
