# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'open3'
require 'tmpdir'

# Pictures of the headlines, by matplotlib in a virtual environment of the bench's own.
module Plots
  PACKAGE = 'matplotlib==3.10.0'
  FOLDER = File.expand_path('../../tmp/bench/plots', __dir__)
  PYTHON = File.join(FOLDER, 'bin/python')
  PROGRAM = File.expand_path('plots.py', __dir__)
  IMAGES = File.expand_path('../../docs/images', __dir__)

  module_function

  # @param lines [Array<Headlines::Line>]
  # @raise [RuntimeError] where they cannot be drawn
  def draw(lines)
    Dir.mktmpdir do |folder|
      source = File.join(folder, 'lines.json')
      File.write(source, JSON.generate(lines.map(&:to_h)))
      run('python3', '-m', 'venv', FOLDER) unless File.executable?(PYTHON)
      run(PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE)
      run(PYTHON, PROGRAM, source, IMAGES)
    end
  end

  def run(*command)
    output, status = Open3.capture2e(*command)
    raise "#{command.join(' ')} failed:\n#{output}" unless status.success?
  end
  private_class_method :run
end
