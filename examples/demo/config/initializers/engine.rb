# frozen_string_literal: true

# Where the gem tasker-engine is not installed, its stand-in takes its place.
Demo::Engine.load_stand_in unless Demo::Engine.real?

# Handlers register themselves when their files are loaded.
Rails.application.config.to_prepare do
  [OrderLine, PriceQuote, PhotoAlbum].each(&:name)
end
