# frozen_string_literal: true

module Generate
  # The settings of tasker_core.connect, and of --set on the command line.
  class PythonSettings
    PATH = File.join(ROOT, 'python/src/tasker_core/settings.py')
    WIDTH = 100
    private_constant :PATH, :WIDTH

    # @param settings [Settings]
    def initialize(settings)
      @settings = settings.all.select { |setting| setting.opened? && setting.name != 'database_url' }
    end

    # @return [Hash{String => String}]
    def files
      names = @settings.map { |setting| "    \"#{setting.name}\",\n" }
      { PATH => <<~PYTHON }
        """The settings of connect, and of --set on the command line.

        #{@settings.map { |setting| described(setting) }.join("\n")}

        Written by bin/generate; change settings.json instead.
        """

        from __future__ import annotations

        #: The names of the settings.
        NAMES = (
        #{names.join})
      PYTHON
    end

    private

    def described(setting)
      default = setting.default.nil? ? '' : " Default #{setting.default.inspect.sub(/\A[tf]/, &:upcase)}."
      text = "#{setting.meaning} Takes #{setting.words.gsub(/\bnil\b/, 'None')}.#{default}"
      lines = text.scan(/\S.{0,#{WIDTH - 5}}(?=\s|\z)/)
      "#{setting.name}:\n#{lines.map { |line| "    #{line}" }.join("\n")}"
    end
  end
end
