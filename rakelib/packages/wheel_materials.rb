# frozen_string_literal: true

require 'json'
require 'tmpdir'
require_relative 'python_tools'

module Packages
  # What a wheel says that it is made of, against what Go finds in its library.
  class WheelMaterials
    # The schema's own judge; it writes nothing where the document is valid.
    VALIDATE = <<~PYTHON
      import sys
      from cyclonedx.schema import SchemaVersion
      from cyclonedx.validation.json import JsonStrictValidator
      fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
      sys.exit(fault and str(fault))
    PYTHON

    # @param wheel [String]
    # @return [Integer] how many modules it is made of
    # @raise [RuntimeError] if something is not listed, or listed and not there
    def self.check(wheel)
      Dir.mktmpdir do |folder|
        Command.run(PythonTools.python, '-m', 'zipfile', '-e', wheel, folder)
        new(folder).check
      end
    end

    def initialize(folder)
      @library = Dir["#{folder}/tasker_core/_native*.so"].first
      @about = Dir["#{folder}/*.dist-info"].first
    end

    def check
      bill = "#{@about}/sboms/tasker_core.cdx.json"
      Command.run(PythonTools.python, '-c', VALIDATE, bill)
      listed = JSON.parse(File.read(bill))['components'].map { |one| one.values_at('name', 'version') }
      differ = (listed - linked) + (linked - listed)
      raise "the bill of materials and the library differ in #{differ}" unless differ.map(&:first) == ['std']

      check_licences
      linked.size
    end

    private

    # Modules and versions, as the linker has written them into the library.
    def linked = @linked ||= Command.run('go', 'version', '-m', @library).scan(/^\tdep\t(\S+)\t(\S+)/)

    def check_licences
      text = File.read("#{@about}/licenses/THIRD_PARTY_LICENSES")
      without = linked.reject { |name, version| text.include?("  #{name} #{version} (") }
      raise "no licence of #{without}" if without.any?
    end
  end
end
