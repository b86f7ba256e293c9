# frozen_string_literal: true

module TaskerCore
  # The gem's version. The Go core, the extension and the Python wheel are built from the same
  # commit and have the same version.
  VERSION = '0.1.0'
end
