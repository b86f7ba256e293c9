# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'tmpdir'
require_relative 'results'

# Pictures of what was measured, by matplotlib in a virtual environment of the bench's own.
module Plots
  PACKAGE = 'matplotlib==3.10.0'
  FOLDER = File.expand_path('../../tmp/bench/plots', __dir__)
  PYTHON = File.join(FOLDER, 'bin/python')
  PROGRAM = File.expand_path('plots.py', __dir__)
  IMAGES = File.expand_path('../../docs/images', __dir__)
  # What BenchReport#series keeps for a picture.
  SERIES = %w[growth throughput sidekiq memory].freeze

  module_function

  # @param results [Array<Hash>] as in results.json
  # @param lines [Array<Headlines::Line>]
  # @raise [RuntimeError] where they cannot be drawn
  def draw(results, lines)
    measured = Results.new(results)
    source = { speed: lines.map(&:to_h) }.merge(SERIES.to_h { |name| [name, measured.series(name)] })
    Dir.mktmpdir do |folder|
      path = File.join(folder, 'measured.json')
      File.write(path, JSON.generate(source.transform_values { |value| pairs(value) }))
      run('python3', '-m', 'venv', FOLDER) unless File.executable?(PYTHON)
      run(PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE)
      run(PYTHON, PROGRAM, path, IMAGES)
    end
  end

  # JSON has no numbers as keys.
  def pairs(value) = value.is_a?(Hash) ? value.transform_values(&:to_a) : value

  def run(*command)
    output, status = Open3.capture2e(*command)
    raise "#{command.join(' ')} failed:\n#{output}" unless status.success?
  end
  private_class_method :run, :pairs
end
