# frozen_string_literal: true

# Starts workflows and tells how they stand.
class TasksController < ActionController::API
  rescue_from(Tasker::ProceduralError) { |error| render json: { error: error.message }, status: :unprocessable_entity }

  # POST /tasks with a name and a context
  def create
    handler = Tasker::HandlerFactory.instance.get(params.require(:name))
    request = Tasker::Types::TaskRequest.new(name: params[:name], context: params.fetch(:context, {}).to_unsafe_h)
    render json: { task_id: handler.initialize_task!(request).task_id }, status: :created
  end

  # GET /tasks/:id
  def show
    task = Tasker::Task.find(params[:id])
    render json: { task_id: task.task_id, status: task.status, progress: task.workflow_summary }
  end
end
