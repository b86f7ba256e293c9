# frozen_string_literal: true

# A wide fan: many steps at once between a first and a last one.
class PhotoAlbum
  include Tasker::TaskHandler

  PHOTOS = (1..12).map { |number| "photo_#{number}" }.freeze

  # Counts what came.
  class Unpack < Tasker::StepHandler::Base
    def process(task, _sequence, _step)
      Pace.keep(task)
      { 'photos' => PHOTOS.size }
    end
  end

  # Makes one photo small.
  class Resize < Tasker::StepHandler::Base
    def process(task, _sequence, step)
      Pace.keep(task)
      { 'width' => 100 * PHOTOS.index(step.name) }
    end
  end

  # Needs every photo.
  class Publish < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      { 'published' => PHOTOS.count { |name| sequence.find_step_by_name(name).results.key?('width') } }
    end
  end

  register_handler 'photo_album'

  define_step_templates do |templates|
    templates.define(dependent_system: 'album', name: 'unpack', handler_class: Unpack)
    PHOTOS.each do |photo|
      templates.define(dependent_system: 'album', name: photo, depends_on_step: 'unpack', handler_class: Resize)
    end
    templates.define(dependent_system: 'album', name: 'publish', depends_on_steps: PHOTOS, handler_class: Publish)
  end
end
