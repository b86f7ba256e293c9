# frozen_string_literal: true

require 'open3'
require 'spec_helper'

RSpec.describe 'check_schema', :database do
  def check = TaskerCore.on(Database.connection).check_schema

  def execute(sql) = Database.connection.execute(sql)

  def found(check) = check.differences.map { |difference| [difference.kind, difference.object] }

  it 'finds nothing where nothing was changed' do
    expect(check).to have_attributes(clean?: true, differences: [], unknown_functions: [], consistent?: true)
    expect(check.functions.map(&:version).tally).to eq('tasker_core v02' => 2, 'tasker_core v01' => 8)
    expect(check.to_s).to end_with('The schema is as expected.')
  end

  it 'names each thing that is missing or changed, with what was expected' do
    execute('DROP TABLE tasker_task_annotations')
    execute('ALTER TABLE tasker_tasks ALTER initiator TYPE text, DROP reason')
    execute('DROP INDEX workflow_steps_processed_at_index')
    execute('DROP FUNCTION get_slowest_tasks_v01(timestamptz,int,text,text,text)')
    expect(found(check)).to contain_exactly(
      [:missing_table, 'tasker_task_annotations'], [:column_type, 'tasker_tasks.initiator'],
      [:missing_column, 'tasker_tasks.reason'], [:missing_index, 'workflow_steps_processed_at_index'],
      [:missing_function, 'get_slowest_tasks_v01']
    )
    type = check.differences.find { |difference| difference.kind == :column_type }
    expect(type).to have_attributes(expected: 'character varying(128)', actual: 'text', harmless?: false)
    expect(check.to_s).to include('! missing table: tasker_task_annotations')
    expect(check.clean?).to be(false)
  end

  it 'takes what an application added for harmless' do
    execute('ALTER TABLE tasker_tasks ADD tenant_id bigint')
    expect(found(check)).to eq([[:extra, 'tasker_tasks.tenant_id']])
    expect(check).to have_attributes(clean?: true, harmful: [])
  end

  it 'tells the capability that a function of unknown text switches off' do
    execute('CREATE OR REPLACE FUNCTION calculate_dependency_levels(input_task_id bigint) ' \
            'RETURNS TABLE(workflow_step_id bigint, dependency_level integer) LANGUAGE sql STABLE AS ' \
            "'SELECT 1::bigint, 1'")
    expect(check.unknown_functions.map { |function| [function.name, function.capability] })
      .to eq([['calculate_dependency_levels(bigint)', :dependency_resolution]])
    expect(check.clean?).to be(false)
    expect(check.to_s).to match(/! calculate_dependency_levels.* dependency_resolution leaves it to the engine/)
  end

  it 'finds a view of unknown text' do
    execute('CREATE OR REPLACE VIEW tasker_step_dag_relationships AS ' \
            "#{Database.connection.select_value("SELECT pg_get_viewdef('tasker_step_dag_relationships'::regclass)")
                       .delete_suffix(';')} LIMIT 7")
    expect(check.unknown_functions.map(&:name)).to eq(['tasker_step_dag_relationships'])
  end

  describe 'rake tasker_core:check', :other_process do
    def rake(task, url)
      program = <<~RUBY
        require 'rake'
        require 'spec_helper'
        task(:environment)
        load 'lib/tasker_core/rails/tasker_core.rake'
        Rake::Task['#{task}'].invoke
      RUBY
      Open3.capture2e({ Database::VARIABLE => url }, RbConfig.ruby, '-Ilib', '-Ispec', '-e', program)
    end

    it 'exits with 0 where the schema is as expected' do
      output, status = rake('tasker_core:check', Database.url)
      expect(output).to end_with("The schema is as expected.\n")
      expect(status.exitstatus).to eq(0)
    end

    it 'exits with 1 where something is missing', database: :committed do
      Database.empty do |connection|
        connection.execute('CREATE TABLE tasker_tasks (task_id bigint)')
        url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
        output, status = rake('tasker_core:check', url)
        expect(output).to include('! missing table: tasker_workflow_steps', '! missing column: tasker_tasks.context')
        expect(status.exitstatus).to eq(1)
        output, status = rake('tasker_core:doctor', url)
        expect(output).to include('PROBLEM schema: missing table: tasker_workflow_steps')
        expect(status.exitstatus).to eq(1)
      end
    end
  end
end
