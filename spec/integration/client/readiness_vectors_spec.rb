# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/readiness_vectors'

RSpec.describe 'readiness through the host driver', :database do
  let(:core) { TaskerCore::Core.current }

  it_behaves_like 'readiness as the engine recorded it'
end
