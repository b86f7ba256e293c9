# frozen_string_literal: true

require_relative '../../spec_helper'
require 'json'

# In databases of their own, where nothing is yet.
RSpec.describe 'install_schema' do
  def rows(connection, sql) = connection.select_all(sql).to_a

  def columns(connection, relation)
    rows(connection, <<~SQL)
      SELECT attname AS name, format_type(atttypid, atttypmod) AS type, pg_get_expr(adbin, adrelid) AS default,
             attnotnull AS not_null
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attrelid = '#{relation}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    SQL
  end

  def table(connection, name)
    indexes = rows(connection, <<~SQL)
      SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = '#{name}'
    SQL
    constraints = rows(connection, <<~SQL)
      SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE conrelid = '#{name}'::regclass AND contype <> 'n'
    SQL
    { 'columns' => columns(connection, name), 'indexes' => indexes.sort_by { |index| index['name'] },
      'constraints' => constraints.sort_by { |constraint| constraint['name'] } }
  end

  def functions(connection)
    rows(connection, <<~SQL)
      SELECT proname AS name, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname
    SQL
  end

  def relations(connection, kind)
    connection.select_values(<<~SQL)
      SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = '#{kind}'
    SQL
  end

  let(:catalog) { JSON.parse(File.read(File.expand_path('../../fixtures/parity/schema-catalog.json', __dir__))) }

  it 'makes the catalogue that the engine has', timeout: 120 do
    Database.empty do |connection|
      TaskerCore.on(connection).install_schema

      expect(relations(connection, 'r')).to match_array(catalog.fetch('tables').keys)
      expect(relations(connection, 'v')).to match_array(catalog.fetch('views').keys)
      catalog.fetch('tables').each do |name, expected|
        made = table(connection, name)
        expect(made.fetch('columns')).to eq(expected.fetch('columns')), name
        expect(made.fetch('indexes')).to match_array(expected.fetch('indexes')), name
        expect(made.fetch('constraints')).to match_array(expected.fetch('constraints')), name
      end
      catalog.fetch('views').each do |name, expected|
        expect(columns(connection, name).map { |column| column.slice('name', 'type') }).to eq(expected)
      end
      expect(functions(connection)).to match_array(catalog.fetch('functions'))
    end
  end

  it 'refuses a schema where tables of the engine are, and changes nothing' do
    Database.empty do |connection|
      connection.execute('CREATE TABLE tasker_tasks (task_id bigint)')

      expect { TaskerCore.on(connection).install_schema }
        .to raise_error(an_instance_of(TaskerCore::SchemaNotEmpty)
                          .and(having_attributes(message: /tasker_tasks/, code: 'schema_not_empty')))
      expect(relations(connection, 'r')).to eq(['tasker_tasks'])
    end
  end

  it 'leaves schema_migrations alone' do
    Database.empty do |connection|
      connection.execute("CREATE TABLE schema_migrations (version varchar); INSERT INTO schema_migrations VALUES ('1')")
      TaskerCore.on(connection).install_schema

      expect(connection.select_values('SELECT version FROM schema_migrations')).to eq(['1'])
    end
  end

  it 'says what to do where the schema is missing' do
    Database.empty do |connection|
      client = TaskerCore.on(connection)

      %i[step_readiness viable_steps task_execution_context dependency_levels step_dag].each do |question|
        expect { client.public_send(question, 1) }.to raise_error(TaskerCore::SchemaMissing)
      end
    end
  end
end
