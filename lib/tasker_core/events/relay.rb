# frozen_string_literal: true

require 'json'
require 'socket'
require_relative 'event_codec'
require_relative 'relay/message'
require_relative 'relay/outbox'
require_relative 'relay/mailbox'

module TaskerCore
  # Sends the events of a Rails process to other processes, on the application's own connection.
  # Inside a transaction, events wait for its commit, so no process receives events of a transaction
  # that was rolled back. The core listens (go/relay).
  module Relay
    # The size limit of an event's JSON in bytes, as in go/relay; a larger payload is replaced by
    # its size.
    LARGEST = 1 << 20
    private_constant :LARGEST

    class << self
      # @return [Boolean] whether this process sends events
      def on? = TaskerCore.configuration.event_relay

      # @param name [String]
      # @return [Boolean] whether events with this name are sent
      def sends?(name)
        on? && TaskerCore.configuration.event_relay_names.any? do |wanted|
          wanted.end_with?('*') ? name.start_with?(wanted.delete_suffix('*')) : name == wanted
        end
      end

      # Sends events when the open transaction commits, or soon if none is open.
      #
      # @api private
      # @param rows [Array<Array>] see EventCodec
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter, nil] the connection of
      #   the transaction; nil for that of the engine's models
      # @return [void]
      def deliver(rows, connection = nil)
        json = JSON::State.new(ascii_only: true)
        texts = rows.filter_map { |row| text(row, json) if sends?(row[0].to_s) }
        return if texts.empty?
        return Outbox.of(connection).add(texts) if connection

        with_connection { |own| Outbox.of(own).add(texts) }
      end

      # Waits until all events that were published outside of transactions are sent.
      #
      # @param seconds [Numeric] the longest wait
      # @return [Boolean] whether all were sent
      def flush(seconds = 2.0) = Mailbox.current.flush(seconds)

      # @api private
      # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter] this thread's
      #   connection, or one for the block
      def with_connection(&) = model.connection_pool.with_connection(&)

      # @return [String] the origin of messages that this process writes on Active Record
      #   connections; the core recognises them as its own
      def origin
        @origin = nil unless @pid == Process.pid
        @pid = Process.pid
        @origin ||= "#{Socket.gethostname}:#{@pid}:host"
      end

      # Gives a core without its own connections the address to listen at: the application's
      # database.
      #
      # @api private
      # @param settings [Hash{String => Object}]
      # @return [Hash{String => Object}]
      def complete(settings)
        given = settings['event_relay_url'] || settings['database_url']
        return settings if !settings['event_relay'] || given || !defined?(::ActiveRecord::Base)

        { **settings, 'event_relay_url' => url(model.connection_db_config.configuration_hash) }
      end

      private

      # The model whose connections are used: the engine may have its own database.
      def model = defined?(::Tasker::ApplicationRecord) ? ::Tasker::ApplicationRecord : ::ActiveRecord::Base

      # Translates Active Record's configuration to libpq's keywords.
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

      # Escapes characters outside of ASCII, so the text fits every encoding of a database.
      def generate(value, json)
        json.generate(value)
      rescue JSON::GeneratorError
        JSON.generate(writable(value), ascii_only: true)
      end

      # JSON has no infinities and no invalid UTF-8.
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
