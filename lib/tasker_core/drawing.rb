# frozen_string_literal: true

# A task's workflow as a picture.
module TaskerCore
  # The drawing of a task, as an operation of a Client.
  module Drawing
    # The workflow with its steps' states, attempts and durations, and the critical path:
    # the chain of steps that took longest (a running step counts up to now).
    #
    #   File.write('task.svg', client.draw(42))
    #   puts client.draw(42, format: :mermaid)
    #
    # @param task_id [Integer]
    # @param format [Symbol, String] :svg, a document that needs no other file, or
    #   :mermaid, the text of a flowchart
    # @return [String, nil] nil for an unknown task
    # @raise [CycleError] if steps depend on each other in a circle
    # @raise [InvalidArgument] for another format, or a task of more than 10,000 steps
    def draw(task_id, format: :svg) = call('draw', 'task_id' => id(task_id), 'format' => format.to_s)
  end

  class << self
    # The same in a Rails application, on the connection of the engine's models.
    #
    # @see Drawing#draw
    def draw(task_id, format: :svg) = engine_client.draw(task_id, format:)
  end
end
