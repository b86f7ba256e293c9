# frozen_string_literal: true

module Generate
  # The declarations of Configuration, and their signatures.
  class RubySettings
    RUBY = File.join(ROOT, 'lib/tasker_core/generated/settings.rb')
    SIGNATURES = File.join(ROOT, 'sig/tasker_core/generated/settings.rbs')
    TYPES = { 'switch' => 'switch', 'boolean' => 'bool', 'integer' => 'Integer', 'number' => 'Numeric',
              'text' => 'String', 'secret' => 'String', 'texts' => 'Array[String]', 'choice' => 'Symbol',
              'destination' => '(:stderr | :rails | String)', 'callable' => '_Receiver' }.freeze
    # What is read is a symbol, and may be written as a text.
    SYMBOLS = %w[switch choice].freeze
    private_constant :RUBY, :SIGNATURES, :TYPES, :SYMBOLS

    # @param settings [Settings]
    def initialize(settings)
      @settings = settings.all.select(&:rails?)
    end

    # @return [Hash{String => String}]
    def files = { RUBY => ruby, SIGNATURES => signatures }

    private

    def ruby
      "# frozen_string_literal: true\n\n# Written by bin/generate; change settings.json instead.\nmodule TaskerCore\n" \
        "  class Configuration\n#{@settings.map { |setting| declaration(setting) }.join("\n")}  end\nend\n"
    end

    def declaration(setting)
      if setting.type == 'switch'
        return "    switch :#{setting.name}, default: #{default(setting)},\n" \
               "#{' ' * "    switch :#{setting.name}, ".size}doc: #{text(setting.meaning)}\n"
      end

      call = "    setting :#{setting.name}, "
      lines = [options(setting).join(', '), *words(setting), "doc: #{text(setting.meaning)}"]
      "#{call}#{lines.join(",\n#{' ' * call.size}")}\n"
    end

    def options(setting)
      found = ["type: #{type(setting)}", "default: #{default(setting)}"]
      found << "within: #{setting.minimum || 1}..#{setting.maximum}" if setting.minimum || setting.maximum
      found << 'core: true' if setting.core?
      found << 'secret: true' if setting.type == 'secret'
      found
    end

    def words(setting) = setting.takes ? ["values: #{text(setting.takes)}"] : []

    def type(setting)
      case setting.type
      when 'choice' then "%i[#{setting.values.join(' ')}]"
      when 'secret' then ':text'
      else ":#{setting.type}"
      end
    end

    def default(setting)
      value = setting.default
      return ":#{value}" if value.is_a?(String) && %w[choice destination switch].include?(setting.type)
      return "[#{value.map { |element| text(element) }.join(', ')}].freeze" if value.is_a?(Array)

      case value
      when String then text(value)
      when Integer then value.to_s.gsub(/(?<=\d)(?=(\d{3})+$)/, '_')
      else value.inspect
      end
    end

    def text(words) = words.include?("'") ? "\"#{words}\"" : "'#{words}'"

    def signatures
      body = @settings.map { |setting| signature(setting) }.join("\n")
      "# Written by bin/generate.\nmodule TaskerCore\n  class Configuration\n#{body}  end\nend\n"
    end

    def signature(setting)
      type = TYPES.fetch(setting.type)
      type = setting.type == 'callable' ? "(#{type})?" : "#{type}?" if setting.default.nil?
      return "    attr_accessor #{setting.name}: #{type}\n" unless SYMBOLS.include?(setting.type)

      "    attr_reader #{setting.name}: #{type}\n    def #{setting.name}=: (#{type} | String value) -> void\n"
    end
  end
end
