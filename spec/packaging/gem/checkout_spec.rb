# frozen_string_literal: true

require_relative '../support'

# The gem in another application's Gemfile, from a copy of the repository.
RSpec.describe 'a Gemfile entry for a checkout', timeout: 300 do
  include Packaging

  around { |example| Dir.mktmpdir('tasker_core-checkout') { |folder| @folder = File.realpath(folder) and example.run } }

  let(:copy) { File.join(@folder, 'checkout') }
  let(:application) { File.join(@folder, 'application').tap { |folder| FileUtils.mkdir_p(folder) } }
  # Bundler's own folder for gems by git, and nowhere else.
  let(:environment) { { 'BUNDLE_PATH' => nil, 'BUNDLE_USER_HOME' => File.join(@folder, 'bundle') } }

  before { copy_checkout(copy) }

  def bundle(*arguments, **env)
    run('bundle', *arguments, env: environment.merge(env.transform_keys(&:to_s)), chdir: application)
  end

  def gemfile(source) = File.write(File.join(application, 'Gemfile'), "gem 'rake'\ngem 'tasker_core', #{source}\n")

  def doctor = bundle('exec', 'ruby', '-e', "require 'tasker_core'; puts TaskerCore.doctor")

  def compile(command)
    run('sh', '-c', command, env: environment, chdir: application)
  end

  it 'works by path after the command that the doctor names, in the right folder' do
    gemfile("path: #{copy.dump}")
    bundle('install', '--local')
    said = doctor
    expect(said).to include('PROBLEM implementation: ruby: the native library was never built')

    command = said[/Run `([^`]+)`/, 1]
    expect(command).to eq("bundle exec rake -C #{copy.shellescape} compile")
    compile(command)
    expect(doctor).to include('ok      implementation: native')
  end

  describe 'by git', :release do
    before do
      ['init --quiet', 'add .', '-c user.name=a -c user.email=a@b.example commit --quiet -m all'].each do |command|
        run('git', *command.split, chdir: copy)
      end
      gemfile("git: #{copy.dump}")
      environment['GEM_HOME'] = File.join(@folder, 'home')
      environment['GEM_PATH'] = [environment['GEM_HOME'], *Gem.path].join(File::PATH_SEPARATOR)
    end

    it 'is compiled by `bundle install`' do
      bundle('install')
      expect(doctor).to include('ok      implementation: native')
    end

    it 'works after the command that the doctor names, where there was no Go' do
      said = bundle('install', GO: File.join(@folder, 'no-go-here'))
      expect(said).to include('installed WITHOUT its native core')

      compile(doctor[/run `([^`]+)`/, 1])
      expect(doctor).to include('ok      implementation: native')
    end
  end
end
