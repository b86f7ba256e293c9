# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# What an application hears when it boots on a gem without its library.
RSpec.describe TaskerCore::Installation do
  boot = <<~RUBY
    require 'rails'
    require 'logger'
    require 'tasker_core'
    class Shop < Rails::Application
      config.root = Dir.pwd
      config.eager_load = false
      config.secret_key_base = 'a test needs none'
      config.logger = Logger.new($stdout, formatter: ->(level, _, _, text) { "\#{level}: \#{text}\n" })
    end
    begin
      Shop.initialize!
    rescue TaskerCore::Unavailable => e
      puts "\#{e.code}: \#{e.message}"
    end
  RUBY

  def boot_in(lib, code, **environment)
    output, status = Dir.mktmpdir do |folder|
      Children.ruby("Dir.chdir(#{folder.dump})\n#{code}", environment.transform_keys(&:to_s), lib:)
    end
    expect(status).to be_success, output
    output
  end

  def without_the_library(*note)
    Dir.mktmpdir do |folder|
      FileUtils.cp_r(Dir[File.join(Children::LIB, '*')], folder)
      FileUtils.rm_f(Dir[File.join(folder, 'tasker_core', '*.so')])
      File.write(File.join(folder, 'tasker_core', 'unavailable_reason'), note.join("\n")) if note.any?
      yield folder
    end
  end

  it 'is silent where the library is there' do
    expect(boot_in(Children::LIB, boot)).to eq('')
  end

  it 'says once why there is none, and what to do' do
    without_the_library('Go was not found', 'Install Go') do |lib|
      expect(boot_in(lib, boot)).to match(/\AWARN: tasker_core: installed without its native core, as Ruby only: /)
        .and match(/: Go was not found\. Install Go, then run `.*`\.\n\z/)
    end
  end

  it 'gives no advice where nothing can be done' do
    without_the_library('musl libc refuses') do |lib|
      expect(boot_in(lib, boot)).to end_with("as Ruby only: musl libc refuses.\n")
    end
  end

  it 'says that Bundler compiles nothing by path, and names a command' do
    without_the_library do |lib|
      expect(boot_in(lib, boot)).to match(/WARN: .*by path.* Run `(gem|bundle) pristine tasker_core.*`; it needs Go/)
    end
  end

  it 'is silent where Ruby is wanted' do
    without_the_library('Go was not found') do |lib|
      expect(boot_in(lib, boot, TASKER_CORE_IMPLEMENTATION: 'ruby')).to eq('')
    end
  end

  it 'ends the boot where the native core is wanted' do
    without_the_library('Go was not found') do |lib|
      expect(boot_in(lib, boot, TASKER_CORE_IMPLEMENTATION: 'native'))
        .to match(/\Aunavailable: TASKER_CORE_IMPLEMENTATION=native is set, but .* Go was not found/)
    end
  end
end
