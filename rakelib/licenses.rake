# frozen_string_literal: true

require_relative '../lib/tasker_core/version'
require_relative 'packages/licenses'
require_relative 'packages/sbom'

desc 'Write THIRD_PARTY_LICENSES and sbom.cdx.json from the Go modules of today'
task :licenses do
  File.write(Packages::Licenses::FILE, Packages::Licenses.text)
  Packages::Sbom.write(TaskerCore::VERSION)
end
