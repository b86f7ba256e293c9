# frozen_string_literal: true

require_relative '../spec_helper'
require_relative '../support/promql'
require 'json'
require 'net/http'
require 'open3'
require 'tmpdir'
require 'yaml'

RSpec.describe 'docs/monitoring' do
  root = File.expand_path('../..', __dir__)
  rules = YAML.safe_load_file("#{root}/docs/monitoring/alerts.yml").fetch('groups').flat_map { |group| group['rules'] }
  dashboard = JSON.parse(File.read("#{root}/docs/monitoring/grafana.json"))
  panels = dashboard.fetch('panels').reject { |panel| panel['type'] == 'row' }
  page = File.read("#{root}/docs/DEPLOYMENT.md")
  expressions = rules.to_h { |rule| [rule['alert'], rule['expr']] }.merge(
    panels.to_h { |panel| [panel['title'], panel['targets'].map { |target| target['expr'] }.join(' or ')] }
  )
  # The kinds of reports that the library makes.
  kinds = Dir["#{root}/lib/**/*.rb"].flat_map do |file|
    File.read(file).scan(/\bkind: :(\w+), capability:|\breport\(:(\w+), /).flatten.compact
  end.uniq

  # What Prometheus makes of a histogram, and its own metric.
  exported = TaskerCore::EngineMetrics::METRICS.flat_map do |name, type|
    type == :histogram ? %w[bucket sum count].map { |part| "#{name}_#{part}" } : [name]
  end

  # The labels of each metric as docs/TELEMETRY.md lists them; telemetry_page_spec.rb holds its metrics.
  labels = File.read("#{root}/docs/TELEMETRY.md").scan(/^\| `(tasker_core_\w+)` \| \w+ \|([^|]*)\|/)
               .to_h.transform_values { |listed| listed.scan(/\w+/) }

  expressions.each do |title, expression|
    it "names in \"#{title}\" only metrics and labels that there are" do
      named = Promql.new(expression)
      metrics = named.metrics - ['up']
      expect(metrics - exported).to eq([])
      known = metrics.flat_map { |name| labels.fetch(name, nil) || labels.fetch(name[/.*(?=_)/]) }
      expect(named.labels - known - %w[job instance le]).to eq([])
      expect(named.values('kind') - kinds).to eq([])
    end
  end

  it 'finds a metric, a label and a function that there are not' do
    wrong = Promql.new('sum by (statment) (rates(tasker_core_statement_error_total{cod=~"a|b"}[5m] offset 15m)) > 0.5')
    expect(wrong.metrics).to eq(%w[rates tasker_core_statement_error_total])
    expect(wrong.labels).to eq(%w[cod statment])
    expect(wrong.values('cod')).to eq(%w[a b])
  end

  it 'alerts at every kind of report' do
    with_metrics_of_their_own = %w[failover late_result]
    alerted = rules.flat_map { |rule| Promql.new(rule['expr']).values('kind') }
    expect(kinds.size).to be > 10
    expect(alerted.sort).to eq((kinds - with_metrics_of_their_own).sort)
  end

  it 'shows every metric in the dashboard' do
    shown = panels.flat_map { |panel| panel['targets'].flat_map { |target| Promql.new(target['expr']).metrics } }
    names = TaskerCore::EngineMetrics::METRICS.keys
    expect(names.reject { |name| shown.any? { |one| one.start_with?(name) } }).to eq([])
    expect(panels.map { |panel| panel['id'] }.uniq.size).to eq(panels.size)
  end

  it 'links each alert to a section of the runbook' do
    anchors = page.scan(/^#+ (.*)/).flatten.map { |title| title.downcase.gsub(/[^\w -]/, '').tr(' ', '-') }
    links = rules.map { |rule| rule.dig('annotations', 'runbook_url').split('#') }
    expect(links.map(&:first).uniq).to eq(['https://github.com/jcoletaylor/tasker_core/blob/main/docs/DEPLOYMENT.md'])
    expect(links.map(&:last) - anchors).to eq([])
  end

  it 'has a runbook for every kind of report and every metric' do
    listed = page[/^### Reports.*/m].scan(/^\| `(\w+)` \|/).flatten
    expect(listed.sort).to eq((kinds + TaskerCore::EngineMetrics::METRICS.keys).sort)
  end

  it 'has a server of metrics in docs/TELEMETRY.md that works' do
    skip 'Puma is not here' if Gem::Specification.find_all_by_name('puma').empty?
    source = File.read("#{root}/docs/TELEMETRY.md")[/^```ruby\n(# lib.metrics_server.rb.*?)^```/m, 1]
    program = Module.new.tap { |empty| empty.module_eval(source) }
    server = program.const_get(:MetricsServer).start(0, host: '127.0.0.1')
    answer = Net::HTTP.get_response('127.0.0.1', '/metrics', server.connected_ports.first)
    expect(answer.code).to eq('200')
    expect(answer.body).to match(/^tasker_core_sessions_open \d+$/)
  ensure
    server&.stop(true)
  end

  describe 'as promtool sees it' do
    before do
      skip 'promtool is not installed (bin/setup installs it on Debian)' unless system('command -v promtool >/dev/null')
    end

    def promtool(*arguments, input: '')
      output, status = Open3.capture2e('promtool', *arguments, stdin_data: input)
      expect(status).to be_success, output
      output
    end

    it 'reads what the core exports' do
      TaskerCore.on(Tasker::ApplicationRecord.connection).ping
      TaskerCore::Failover.note(:orchestration, 'spec', RuntimeError.new('spec'))
      text = TaskerCore.stats.to_prometheus
      expect(text.scan(/^# TYPE (\S+)/).flatten - TaskerCore::EngineMetrics::METRICS.keys).to eq([])
      expect(promtool('check', 'metrics', input: text)).to eq('')
    ensure
      TaskerCore::Reporting.reset
    end

    it 'has valid rules, which fire when they should and not otherwise' do
      expect(promtool('check', 'rules', "#{root}/docs/monitoring/alerts.yml")).to include("#{rules.size} rules found")
      promtool('test', 'rules', "#{root}/docs/monitoring/alerts_test.yml")
    end

    it 'has valid expressions in the dashboard' do
      shown = panels.flat_map { |panel| panel['targets'].map { |target| target['expr'] } }
      recorded = shown.each_with_index.map do |expression, index|
        { 'record' => "panel_#{index}", 'expr' => expression.gsub('$__rate_interval', '5m') }
      end
      Dir.mktmpdir do |folder|
        File.write("#{folder}/panels.yml", { 'groups' => [{ 'name' => 'panels', 'rules' => recorded }] }.to_yaml)
        expect(promtool('check', 'rules', "#{folder}/panels.yml")).to include("#{shown.size} rules found")
      end
    end
  end
end
