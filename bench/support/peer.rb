# frozen_string_literal: true

require 'fileutils'
require 'open3'
require_relative 'runner'

# DBOS for Python, which also keeps each step of a workflow in PostgreSQL: in a virtual
# environment of the bench's own, with a database of its own on the same server.
module Peer
  PACKAGE = 'dbos==3.4.0'
  FOLDER = File.expand_path('../../tmp/bench/dbos', __dir__)
  PYTHON = File.join(FOLDER, 'bin/python')
  STAMP = File.join(FOLDER, 'installed')
  PROGRAM = File.expand_path('peer.py', __dir__)
  # Seconds that an installation may take.
  PATIENCE = 180

  module_function

  # @return [String, nil] why it cannot be measured here
  def missing
    return if File.file?(STAMP) && File.read(STAMP) == PACKAGE

    install
  end

  def install
    FileUtils.rm_rf(FOLDER)
    [['python3', '-m', 'venv', FOLDER],
     [PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', PACKAGE]]
      .each do |command|
        output, status = Open3.capture2e('timeout', PATIENCE.to_s, *command)
        return output.lines.last.to_s.strip unless status.success?
      end
    File.write(STAMP, PACKAGE)
    nil
  rescue Errno::ENOENT => e
    e.message
  end

  # @param url [String] of its database
  # @return [Runner]
  def start(url) = Runner.new('DBOS for Python', [PYTHON, PROGRAM, url])
end
