# frozen_string_literal: true

require 'json'
require 'socket'
require_relative 'event_codec'
require_relative 'relay/message'
require_relative 'relay/outbox'
require_relative 'relay/mailbox'

module TaskerCore
  # What a Rails process tells other processes, on the application's own connection:
  # inside a transaction the events wait for its end, so that nobody hears of what was
  # rolled back. Listening is the core's (go/relay).
  module Relay
    # Of an event's JSON, as in go/relay; the payload of a longer one is replaced by
    # its size.
    LARGEST = 1 << 20
    private_constant :LARGEST

    class << self
      # @return [Boolean] whether this process sends events
      def on? = TaskerCore.configuration.event_relay

      # @param name [String]
      # @return [Boolean] whether events of that name are sent
      def sends?(name)
        on? && TaskerCore.configuration.event_relay_names.any? do |wanted|
          wanted.end_with?('*') ? name.start_with?(wanted.delete_suffix('*')) : name == wanted
        end
      end

      # Sends events when the open transaction commits, or soon where none is open.
      #
      # @param rows [Array<Array>] see EventCodec
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter, nil] whose
      #   transaction it is; nil for that of the engine's models
      # @return [void]
      def deliver(rows, connection = nil)
        json = JSON::State.new(ascii_only: true)
        texts = rows.filter_map { |row| text(row, json) if sends?(row[0].to_s) }
        return if texts.empty?
        return Outbox.of(connection).add(texts) if connection

        with_connection { |own| Outbox.of(own).add(texts) }
      end

      # Waits until what was published outside of transactions was sent.
      #
      # @param seconds [Numeric] how long at most
      # @return [Boolean] whether it was
      def flush(seconds = 2.0) = Mailbox.current.flush(seconds)

      # @api private
      # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter] the one
      #   of this thread, or one for the block
      def with_connection(&) = model.connection_pool.with_connection(&)

      # @return [String] of the messages that this process writes on connections of
      #   Active Record; the core takes them for its own
      def origin
        @origin = nil unless @pid == Process.pid
        @pid = Process.pid
        @origin ||= "#{Socket.gethostname}:#{@pid}:host"
      end

      # Gives a core without connections of its own the place to listen at: the
      # application's database.
      #
      # @param settings [Hash{String => Object}]
      # @return [Hash{String => Object}]
      def complete(settings)
        given = settings['event_relay_url'] || settings['database_url']
        return settings if !settings['event_relay'] || given || !defined?(::ActiveRecord::Base)

        { **settings, 'event_relay_url' => url(model.connection_db_config.configuration_hash) }
      end

      private

      # Whose connections: the engine may have a database of its own.
      def model = defined?(::Tasker::ApplicationRecord) ? ::Tasker::ApplicationRecord : ::ActiveRecord::Base

      # The keywords of libpq for Active Record's.
      def url(hash)
        { host: hash[:host], port: hash[:port], dbname: hash[:database], user: hash[:username] || hash[:user],
          **hash.slice(:password, :sslmode, :sslrootcert, :sslcert, :sslkey) }
          .compact.map { |key, value| "#{key}='#{value.to_s.gsub(/['\\]/) { |char| "\\#{char}" }}'" }.join(' ')
      end

      def text(row, json)
        fields = [row[0].to_s, row[1] || EventCodec.micros(Time.now), row[2].to_i, row[3].to_i, *row[4..6].map(&:to_s)]
        payload = generate(row[7] && hidden(EventCodec.plain(row[7])), json)
        payload = json.generate('payload_omitted_bytes' => payload.bytesize) if payload.bytesize > LARGEST
        "#{generate(fields, json).chop},#{payload}]"
      end

      # What is not ASCII is escaped: the text fits into every encoding of a database.
      def generate(value, json)
        json.generate(value)
      rescue JSON::GeneratorError
        JSON.generate(writable(value), ascii_only: true)
      end

      # JSON has no infinities, and no bytes that are not UTF-8.
      def writable(value)
        case value
        when Hash then value.to_h { |key, element| [writable(key), writable(element)] }
        when Array then value.map { |element| writable(element) }
        when Float, String then value.to_s.dup.force_encoding(Encoding::UTF_8).scrub
        else value
        end
      end

      # Every role of a database may listen to every channel.
      def hidden(payload)
        filter = Filter.current
        payload.to_h { |key, value| [key, filter.value(key, value)] }
      end
    end
  end
end
