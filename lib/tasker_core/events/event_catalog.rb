# frozen_string_literal: true

require 'json'

# The catalogue of events and their payloads.
module TaskerCore
  # A field of an event's payload.
  #
  # @!attribute [r] name
  #   @return [String]
  # @!attribute [r] type
  #   @return [String] "integer", "number", "string", "boolean", "time", "map", "integers", "strings" or "any"
  # @!attribute [r] meaning
  #   @return [String] a description
  # @!attribute [r] optional
  #   @return [Boolean] whether it may be nil or absent
  EventField = Data.define(:name, :type, :meaning, :optional) do
    alias_method :optional?, :optional
  end

  # The definition of an event.
  #
  # @!attribute [r] name
  #   @return [String] for example "step.completed"
  # @!attribute [r] group
  #   @return [Symbol] :lifecycle, :export, :registry, :core or :custom
  # @!attribute [r] meaning
  #   @return [String] a description
  # @!attribute [r] published
  #   @return [Boolean] false for event names that the engine defines but never publishes
  # @!attribute [r] fields
  #   @return [Array<EventField>]
  EventDefinition = Data.define(:name, :group, :meaning, :published, :fields) do
    alias_method :published?, :published

    # @api private
    # @param definition [Hash{String => Object}] the decoded fields of the core's answer
    # @return [EventDefinition]
    def self.from_wire(definition)
      fields = definition['fields'].map { |field| EventField.new(**field.transform_keys(&:to_sym)) }
      new(**definition.slice('name', 'meaning', 'published').transform_keys(&:to_sym),
          group: definition['group'].to_sym, fields:)
    end
  end

  # Every event of the engine and of the core, and the events that the application registered. It is
  # read from its source file without loading the native core, so an initializer may use it before a
  # server forks.
  #
  #   TaskerCore.events['step.completed'].fields.map(&:name)
  #   TaskerCore.events.register('order.fulfilled', meaning: 'An order was fulfilled.', fields: { order_id: :integer })
  class EventCatalog
    include Enumerable

    # The source of the names and payloads in every language.
    SOURCE = File.expand_path('../../../ext/tasker_core/go/event/catalog.json', __dir__)
    # The types of fields.
    TYPES = %w[any boolean integer integers map number string strings time].freeze
    private_constant :SOURCE, :TYPES

    @mutex = Mutex.new

    # @return [EventCatalog] the events of this process
    def self.current = @mutex.synchronize { @current ||= new }

    def initialize
      @source = JSON.parse(File.read(SOURCE))
      @mutex = Mutex.new
      @built_in = @source['events'].to_h { |event| [event['name'], definition(event)] }.freeze
      @custom = {}
    end

    # @param name [String, Symbol]
    # @return [EventDefinition, nil]
    def [](name)
      name = name.to_s
      @built_in[name] || @mutex.synchronize { @custom[name] } || from_engine[name]
    end

    # @yieldparam definition [EventDefinition] the built-in events in the order of the source, then
    #   the custom ones by name
    def each(&) = [*@built_in.values, *custom].each(&)

    # @return [Array<EventDefinition>] the events that the application registered here or with the
    #   engine (Tasker::Events.register_custom_event), by name
    def custom = from_engine.merge(@mutex.synchronize { @custom.dup }).values.sort_by(&:name)

    # Registers a custom event. Registering the same definition again changes nothing.
    #
    # @param name [String] a namespace and a name, such as "order.fulfilled"
    # @param meaning [String] one sentence
    # @param fields [Hash{Symbol => Symbol}] types by name, such as { order_id: :integer }
    # @return [EventDefinition]
    # @raise [InvalidArgument] if the name cannot be registered; the message has the reason
    def register(name, meaning:, fields: {})
      refuse(name, reason(name.to_s)) if reason(name.to_s)
      wanted = EventDefinition.new(name: name.to_s, group: :custom, meaning:, published: true,
                                   fields: custom_fields(name, fields))
      @mutex.synchronize do
        known = @custom[wanted.name] ||= wanted
        refuse(name, 'it is registered already, with another description or other fields') unless known == wanted
      end
      wanted
    end

    # @api private
    # @return [Hash{String => Hash}] the rule that tells an event's duplicates from the kept one, by
    #   name
    def kept = @source['events'].filter_map { |event| [event['name'], event['kept']] if event['kept'] }.to_h

    private

    def from_engine
      return {} unless defined?(::Tasker::Events::CustomRegistry)

      ::Tasker::Events::CustomRegistry.instance.custom_events.to_h do |name, event|
        [name, EventDefinition.new(name:, group: :custom, meaning: event[:description], published: true, fields: [])]
      end
    end

    # Go has the same rules in go/event/catalog.go.
    def reason(name)
      namespace = name[/\A[^.]*/]
      return "it is longer than #{@source['longest_name']} characters" if name.bytesize > @source['longest_name']
      return "it is one of the engine's events" if @built_in.key?(name)
      return "the namespace #{namespace} is reserved" if @source['reserved_namespaces'].include?(namespace.downcase)
      return if name.match?(/\A(?:#{@source['name_pattern']})\z/)

      'it must be a namespace and a name, joined by a dot, of letters, digits, _ and -, such as order.fulfilled'
    end

    def refuse(name, reason)
      raise InvalidArgument.new("#{name.to_s.inspect} cannot be registered as an event: #{reason}",
                                code: 'invalid_argument')
    end

    def custom_fields(event, fields)
      fields.map do |name, type|
        refuse(event, "the field #{name} is #{type.inspect}; it must be one of #{TYPES.join(', ')}") \
          unless TYPES.include?(type.to_s)
        EventField.new(name: name.to_s, type: type.to_s, meaning: '', optional: false)
      end
    end

    def definition(event)
      EventDefinition.new(name: event['name'], group: event['group'].to_sym, meaning: event['meaning'],
                          published: !event['unpublished'], fields: event['fields'].map { |text| field(text) })
    end

    def field(text)
      name = text.delete_suffix('?')
      kind = @source['fields'].fetch(name)
      EventField.new(name:, type: kind['type'], meaning: kind['meaning'], optional: text.end_with?('?'))
    end
  end

  # The client's operations on the core's own catalogue.
  module EventOperations
    # Reads the core's catalogue. Programs without Rails register their events there.
    #
    # @return [Array<EventDefinition>]
    def event_catalog = call('event_catalog', {}).map { |definition| EventDefinition.from_wire(definition) }

    # Registers a custom event with the core.
    #
    # @param (see EventCatalog#register)
    # @return [void]
    # @raise [InvalidArgument] if the name cannot be registered; the message has the reason
    def register_event(name, meaning:, fields: {})
      list = fields.map { |field, type| { 'name' => field, 'type' => type } }
      call('register_event', 'name' => name, 'meaning' => meaning, 'fields' => list)
      nil
    end
  end

  class << self
    # @return [EventCatalog] the events of this process
    def events = EventCatalog.current
  end
end
