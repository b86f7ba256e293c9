# frozen_string_literal: true

require_relative '../spec_helper'
require 'open3'
require 'yaml'

RSpec.describe 'examples/docker' do
  folder = File.expand_path('../../examples/docker', __dir__)
  # The stages of a Dockerfile, each with its instructions.
  stages = lambda do |file|
    lines = File.read("#{folder}/#{file}").gsub(/^#.*\n/, '').gsub(/\\\n/, ' ').lines.map(&:strip).reject(&:empty?)
    lines.slice_before(/\AFROM /).drop_while { |stage| !stage.first.start_with?('FROM ') }
  end

  %w[rails/Dockerfile python-worker/Dockerfile].each do |file|
    describe file do
      let(:last) { stages.call(file).last }

      it 'takes Go into the build stage and leaves it there' do
        expect(stages.call(file)[-2].join).to include('COPY --from=go')
        expect(last.grep(/--from=go|golang|build-essential|\bgcc\b/)).to be_empty
      end

      it 'runs as an ordinary user, and gets the signals of who stops it' do
        expect(last.grep(/\AUSER /)).to eq(['USER 10001'])
        expect(last.last).to start_with('CMD [')
      end

      it 'asks for the Go that the core needs' do
        minimum = File.read(File.join(folder, '../../ext/tasker_core/go/go.mod'))[/^go (\d+\.\d+)/, 1]
        expect(File.read("#{folder}/#{file}")).to include("ARG GO_VERSION=#{minimum}\n")
      end
    end
  end

  it 'does not go on where the library cannot be had' do
    expect(stages.call('rails/Dockerfile')[-2].join("\n")).to include('TASKER_CORE_REQUIRE_NATIVE=1')
    expect(stages.call('rails/Dockerfile').last.join("\n")).to include('TASKER_CORE_IMPLEMENTATION=native')
  end

  it 'asks for the version of the wheel that is here' do
    wanted = File.read("#{folder}/python-worker/requirements.txt")[/\Atasker-core==(\d+\.\d+)\.\*$/, 1]
    expect(Gem::Version.new(TaskerCore::VERSION).segments.first(2).join('.')).to eq(wanted)
  end

  describe 'the listener' do
    let(:manifest) { YAML.safe_load_file("#{folder}/tasker-core-listen.yaml") }
    let(:unit) { File.read("#{folder}/tasker-core-listen.service") }

    # A rake task that is renamed has to be renamed here.
    it 'is the task that there is' do
      expect(File.read(File.join(folder, '../../lib/tasker_core/rails/tasker_core.rake'))).to include('task listen:')
      expect(unit[/^ExecStart=(.*)/, 1]).to eq('/usr/bin/env bundle exec rails tasker_core:listen')
      expect(manifest.dig('spec', 'template', 'spec', 'containers', 0, 'command'))
        .to eq(%w[bundle exec rails tasker_core:listen])
    end

    it 'runs in Kubernetes as the user of the image, with nothing that it may not need' do
      pod = manifest.dig('spec', 'template', 'spec')
      expect(manifest.dig('spec', 'selector', 'matchLabels'))
        .to eq(manifest.dig('spec', 'template', 'metadata', 'labels'))
      expect(pod.dig('securityContext', 'runAsUser')).to eq(10_001)
      mounted = pod['containers'].flat_map { |container| container['volumeMounts'].map { |mount| mount['name'] } }
      expect(mounted - pod['volumes'].map { |volume| volume['name'] }).to be_empty
    end

    it 'is a unit that systemd reads without a complaint' do
      unless system('systemd-analyze', '--version', %i[out err] => File::NULL)
        skip 'systemd-analyze is not installed (package systemd of Debian)'
      end

      output, status = Open3.capture2e('systemd-analyze', 'verify', "#{folder}/tasker-core-listen.service")
      expect(status).to be_success, output
      expect(output.lines.grep(/tasker-core-listen/)).to be_empty
    end
  end
end
