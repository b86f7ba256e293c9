# frozen_string_literal: true

# What RubyGems and Bundler run to install the gem: see gem_install.rb. For a build
# in a checkout `rake compile` runs compile.rb alone.
require_relative 'gem_install'

TaskerCore::GemInstall.new(source: __dir__).run(ARGV)
