# frozen_string_literal: true

module Generate
  # A setting. for is who has it: Rails alone, each core (Rails', and those that programs
  # open), cores with connections, or the hosts that fill it in themselves.
  Setting = Data.define(:name, :group, :for, :type, :default, :unit, :minimum, :above, :maximum, :values, :takes,
                        :meaning, :more)

  # What is asked of a setting.
  class Setting
    TYPES = { 'boolean' => 'true or false', 'integer' => 'an integer', 'number' => 'a number', 'text' => 'a text',
              'secret' => 'a text', 'texts' => 'a list of texts', 'map' => 'a map' }.freeze
    SWITCH = %w[off shadow active].freeze
    private_constant :TYPES, :SWITCH

    # @return [Boolean] whether the core receives it
    def core? = self.for != 'rails'

    # @return [Boolean] whether it is one of Rails' configuration
    def rails? = %w[rails core].include?(self.for)

    # @return [Boolean] whether a program gives it when it opens a core
    def opened? = %w[core connections].include?(self.for)

    # @return [String] what it takes, in words
    def words
      choice = type == 'switch' ? SWITCH : values
      return takes || choice.join(', ') if takes || choice

      [TYPES.fetch(type), bounds, unit && "in #{unit}"].compact.join(' ')
    end

    private

    def bounds
      return "above #{above}, at most #{Generate.digits(maximum)}" if above
      return "from #{minimum} to #{Generate.digits(maximum)}" if minimum && maximum

      "from #{minimum}" if minimum
    end
  end

  # settings.json, read.
  class Settings
    PATH = File.join(ROOT, 'ext/tasker_core/go/config/settings.json')
    private_constant :PATH

    # @return [Hash{String => String}] titles by group
    attr_reader :groups

    # @return [Array<Setting>] in the order of the file
    attr_reader :all

    def initialize(source = JSON.parse(File.read(PATH)))
      @groups = source['groups']
      @all = source['settings'].map do |setting|
        Setting.new(**Setting.members.to_h { |name| [name, setting[name.name]] })
      end
    end

    # @param group [String]
    # @return [Array<Setting>]
    def of(group) = @all.select { |setting| setting.group == group }
  end
end
