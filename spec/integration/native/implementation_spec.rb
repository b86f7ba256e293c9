# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# Which implementation runs, and what is said where it cannot. In processes of
# their own, for nothing can be unloaded.
RSpec.describe 'the choice of the implementation' do
  def run(code, lib: Children::LIB, **environment)
    output, status = Children.ruby("require 'tasker_core'; #{code}", environment.transform_keys(&:to_s), lib:)
    expect(status).to be_success, output
    output.strip
  end

  # The gem as it is where the extension could not be built.
  def without_the_library(reason: nil)
    Dir.mktmpdir do |folder|
      FileUtils.cp_r(Dir[File.join(Children::LIB, '*')], folder)
      FileUtils.rm_f(Dir[File.join(folder, 'tasker_core', '*.{so,bundle,dylib}')])
      File.write(File.join(folder, 'tasker_core', 'unavailable_reason'), reason) if reason
      yield folder
    end
  end

  it 'loads nothing at require' do
    maps = "File.exist?('/proc/self/maps') ? File.read('/proc/self/maps').include?('tasker_core_native') : false"

    expect(run("p [defined?(TaskerCore::Native), TaskerCore::Library.loaded?, #{maps}]")).to eq('[nil, false, false]')
  end

  it 'loads the library with the first use' do
    expect(run('p [TaskerCore.implementation, TaskerCore.unavailable_reason, TaskerCore::Library.loaded?]'))
      .to eq('[:native, nil, true]')
  end

  it 'keeps the library out with TASKER_CORE_IMPLEMENTATION=ruby, and says why' do
    said = run('p TaskerCore.implementation; puts TaskerCore.unavailable_reason; p defined?(TaskerCore::Native)',
               TASKER_CORE_IMPLEMENTATION: 'ruby')

    expect(said).to eq(":ruby\nTASKER_CORE_IMPLEMENTATION=ruby is set\nnil")
  end

  it 'refuses a client where there is no library' do
    said = run('begin; TaskerCore.on(nil); rescue TaskerCore::Unavailable => e; puts e.code, e.message; end',
               TASKER_CORE_IMPLEMENTATION: 'ruby')

    expect(said).to eq("unavailable\nthe native core is not available: TASKER_CORE_IMPLEMENTATION=ruby is set")
  end

  it 'goes on in Ruby without the library, and says why' do
    without_the_library(reason: 'Go was not found') do |lib|
      expect(run('p TaskerCore.implementation; puts TaskerCore.unavailable_reason', lib:))
        .to eq(":ruby\nGo was not found")
    end
  end

  it 'says what to do where the library was never built' do
    without_the_library { |lib| expect(run('puts TaskerCore.unavailable_reason', lib:)).to match(/never built/) }
  end

  it 'makes a missing library an error with TASKER_CORE_IMPLEMENTATION=native' do
    without_the_library do |lib|
      said = run('begin; TaskerCore.implementation; rescue TaskerCore::Unavailable => e; puts e.code; end',
                 lib:, TASKER_CORE_IMPLEMENTATION: 'native')

      expect(said).to eq('unavailable')
    end
  end

  it 'names a library that does not load' do
    without_the_library do |lib|
      name = TaskerCore::Library::FILE
      File.write(File.join(lib, 'tasker_core', name), 'no library')

      expect(run('puts TaskerCore.unavailable_reason', lib:)).to match(/#{name} does not load: /)
    end
  end

  it 'runs signal handlers that were set after the library was loaded' do
    said = run(<<~RUBY)
      core = TaskerCore::Core.current
      Signal.trap(:USR1) { puts 'caught' }
      5.times { Process.kill(:USR1, Process.pid); 200.times { core.call('ping', {}) } }
      puts core.call('ping', {})
    RUBY

    expect(said.lines.map(&:strip).tally).to include('pong' => 1)
    expect(said).to include('caught')
  end
end
