# frozen_string_literal: true

module Demo
  # What is asked of each task: the engine's own methods, under which the core
  # answers where it is switched on. Each gives a short text for the table.
  module Calls
    READS = {
      'step readiness' => lambda { |id|
        rows = Tasker::Functions::FunctionBasedStepReadinessStatus.for_task(id)
        "#{rows.size} steps, #{rows.count(&:ready_for_execution)} ready"
      },
      'execution context' => lambda { |id|
        context = Tasker::Functions::FunctionBasedTaskExecutionContext.find(id)
        "#{context.execution_status}, #{context.completion_percentage.to_i} %"
      },
      'dependency levels' => lambda { |id|
        rows = Tasker::Functions::FunctionBasedDependencyLevels.for_task(id)
        "#{rows.map(&:dependency_level).uniq.size} levels"
      },
      'step DAG' => lambda { |id|
        rows = Tasker::StepDagRelationship.for_task(id).to_a
        "#{rows.sum(&:child_count)} edges"
      }
    }.freeze
  end
end
