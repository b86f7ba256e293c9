# frozen_string_literal: true

module Generate
  # What is made of the catalogue of events: the tables of docs/EVENTS.md and the names of the
  # Python package.
  class Events
    SOURCE = File.join(ROOT, 'ext/tasker_core/go/event/catalog.json')
    PYTHON = File.join(ROOT, 'python/src/tasker_core/events.py')
    GROUPS = { 'lifecycle' => 'Tasks, steps and runs', 'export' => 'Export of metrics',
               'registry' => 'Registries', 'core' => 'The core itself' }.freeze
    private_constant :SOURCE, :PYTHON, :GROUPS

    def initialize(source = JSON.parse(File.read(SOURCE)))
      @source = source
      @events = source['events']
    end

    # @return [Hash{String => String}] the text that each file should have
    def files = { **Page.new('docs/EVENTS.md').fill('events', tables).file, PYTHON => python }

    private

    def tables
      [*GROUPS.map { |group, title| table(title, published(group)) }, never_published, fields].compact.join("\n")
    end

    def published(group) = @events.select { |event| event['group'] == group && !event['unpublished'] }

    def table(title, events)
      return if events.empty?

      rows = events.map { |event| ["`#{event['name']}`", event['meaning'], event['fields'].join(', ')] }
      "### #{title}\n\n#{Generate.table(['event', 'when', 'payload (`?`: may be null or absent)'], rows)}"
    end

    def never_published
      names = @events.select { |event| event['unpublished'] }.map { |event| "`#{event['name']}`" }
      "### Names that the engine has but does not publish\n\n#{names.join(', ')}.\n"
    end

    def fields
      rows = @source['fields'].map { |name, field| [name, field['type'], field['meaning']] }
      "### Fields\n\n#{Generate.table(%w[field type meaning], rows)}"
    end

    def python
      <<~PYTHON
        """The events of a workflow. Written by bin/generate; change catalog.json instead."""

        from enum import Enum


        class Event(str, Enum):
            """The names of the events. Custom events are plain strings."""

        #{@events.map { |event| "    #{constant(event['name'])} = \"#{event['name']}\"" }.join("\n")}

            def __str__(self) -> str:
                return self.value


        #: The names of the keys of each event's payload; those that may be None or absent end in "?".
        FIELDS: dict[Event, tuple[str, ...]] = {
        #{@events.map { |event| python_fields(event) }.join("\n")}
        }
      PYTHON
    end

    def constant(name) = name.tr('.', '_').upcase

    # As the formatter of the Python package writes it.
    def python_fields(event)
      return "    Event.#{constant(event['name'])}: (\"#{event['fields'].first}\",)," if event['fields'].one?

      names = event['fields'].map { |field| "        \"#{field}\",\n" }
      "    Event.#{constant(event['name'])}: (\n#{names.join}    ),"
    end
  end
end
