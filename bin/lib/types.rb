# frozen_string_literal: true

# Checks the signatures in sig/ as `rbs validate` does, with the types of the standard libraries
# that sig/manifest.yaml names.
require 'rbs'
require 'rbs/cli'
require 'yaml'

SIGNATURES = File.expand_path('../../sig', __dir__)
libraries = YAML.load_file(File.join(SIGNATURES, 'manifest.yaml')).fetch('dependencies').map { |one| one.fetch('name') }
RBS::CLI.new(stdout: $stdout, stderr: $stderr)
        .run([*libraries.flat_map { |name| ['-r', name] }, '-I', SIGNATURES, 'validate'])
