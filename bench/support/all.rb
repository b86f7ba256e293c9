# frozen_string_literal: true

require 'English'
require 'fileutils'
require 'json'
require 'open3'
require 'rbconfig'

# Runs benchmarks in processes of their own, and puts their results into one table
# and one JSON file. bin/bench calls it.
class AllBenches
  FOLDER = File.expand_path('..', __dir__)
  RESULTS = File.expand_path('../../tmp/bench/results.json', __dir__)

  def initialize(names)
    @names = names.empty? ? Dir[File.join(FOLDER, '*.rb')].map { |file| File.basename(file, '.rb') }.sort : names
    unknown = @names.reject { |name| File.file?(path(name)) }
    abort "no such benchmark: #{unknown.join(', ')}" if unknown.any?
  end

  # @return [Boolean] whether every script came to its end
  def run
    results = @names.map { |name| one(name) }
    FileUtils.mkdir_p(File.dirname(RESULTS))
    File.write(RESULTS, JSON.pretty_generate(results))
    table(results)
    results.none? { |result| result['failed'] }
  end

  private

  def path(name) = File.join(FOLDER, "#{name}.rb")

  # The script's text goes to standard error, and so to the terminal as it comes.
  def one(name)
    puts '', "== #{name}"
    output, status = Open3.capture2(RbConfig.ruby, '-r', File.join(__dir__, 'report.rb'), path(name), '--json')
    result = JSON.parse(output.lines.last || '{}')
    # pool_driver ends with 1 where its limit is missed, which is a result.
    result.merge('script' => "#{name}.rb", 'failed' => !status.success? && !result.key?('own'))
  end

  def table(results)
    puts '', '== All targets', ''
    results.each do |result|
      targets(result).each { |target| puts format('%-18<script>s %-62<name>s %-12<wanted>s %10<value>s  %<met>s', target) }
      puts "#{result['script']} FAILED" if result['failed']
    end
    puts '', "Everything that was measured: #{RESULTS.delete_prefix("#{Dir.pwd}/")}"
  end

  def targets(result)
    (result['targets'] || []).map do |target|
      { script: result['script'], name: target['name'], wanted: target['wanted'], value: target['value'].round(2),
        met: target['met'] ? 'met' : 'MISSED' }
    end + pool(result)
  end

  def pool(result)
    own = result['own'] or return []
    own['results'].map do |row|
      { script: result['script'], name: "#{row['task']} against bare pgx", wanted: "<= #{own['limit']} x",
        value: row['ratio'], met: row['ratio'] <= own['limit'] ? 'met' : 'MISSED' }
    end
  end
end

exit AllBenches.new(ARGV).run
