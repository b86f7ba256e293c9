# frozen_string_literal: true

module Generate
  # The lines of the gem that take an answer apart, which cost a run no call:
  #
  #   ready, to_retry, stale, blocked = ask('session_next') # NextReply
  #
  # A variable is named as its place, or ends in "_" and that name; one that nobody reads
  # begins with "_".
  class Unpacking
    LINE = /^(?<indent> *)(?<names>\w+(?:, \w+)+) = (?<answer>.+) # (?<tuple>[A-Z]\w+)$/
    private_constant :LINE

    # @param contract [Contract]
    def initialize(contract)
      @places = contract.tuples.to_h { |tuple| [tuple.name, tuple.fields.map(&:name)] }
    end

    # @return [Hash{String => String}]
    def files
      sources = Dir[File.join(ROOT, 'lib/tasker_core/**/*.rb')].to_h { |path| [path, File.read(path)] }
      sources.select { |_, text| text.match?(LINE) }
             .transform_values { |text| text.gsub(LINE) { line(Regexp.last_match) } }
    end

    private

    def line(found)
      variables = found[:names].split(', ')
      names = @places.fetch(found[:tuple]).map do |place|
        variables.find { |variable| variable == place || variable.end_with?("_#{place}") } || "_#{place}"
      end
      "#{found[:indent]}#{names.join(', ')} = #{found[:answer]} # #{found[:tuple]}"
    end
  end
end
