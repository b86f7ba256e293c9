# frozen_string_literal: true

module Generate
  # The tables of settings: all in docs/SETTINGS.md, some on other pages.
  class SettingsPage
    FOR = { 'rails' => 'Rails', 'core' => 'Rails, programs', 'connections' => 'programs', 'host' => 'hosts' }.freeze
    private_constant :FOR

    # @param settings [Settings]
    def initialize(settings)
      @settings = settings
    end

    # @return [Hash{String => String}]
    def files
      core = table(@settings.all.select(&:core?))
      { **page('docs/SETTINGS.md', *@settings.groups.keys), **page('docs/TELEMETRY.md', 'spans', 'logs'),
        **Page.new('docs/C_API.md').fill('settings', core).file }
    end

    private

    def page(path, *groups)
      groups.reduce(Page.new(path)) { |page, group| page.fill(group, table(@settings.of(group))) }.file
    end

    def table(settings)
      rows = settings.map do |setting|
        ["`#{setting.name}`", default(setting.default), setting.words,
         [setting.meaning, setting.more].compact.join(' '), FOR.fetch(setting.for)]
      end
      Generate.table(['setting', 'default', 'takes', 'what it is', 'of'], rows)
    end

    def default(value)
      case value
      when nil then ''
      when Integer then "`#{Generate.digits(value)}`"
      when Array then "`#{JSON.generate(value)}`"
      else "`#{value}`"
      end
    end
  end
end
