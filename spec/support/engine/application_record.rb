# frozen_string_literal: true

module Tasker
  # Stands in for app/models/tasker/application_record.rb: whose connection every
  # model and every SQL function uses. Applications may give it a second database.
  class ApplicationRecord < ActiveRecord::Base
    self.abstract_class = true
  end
end
