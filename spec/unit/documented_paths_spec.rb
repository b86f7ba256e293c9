# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe 'the paths that the documents name' do
  root = File.expand_path('../..', __dir__)
  # What a path may be relative to: ARCHITECTURE.md says engine/... and go/... for short.
  places = ['', 'lib/tasker_core', 'ext/tasker_core', 'ext/tasker_core/go'].map { |place| File.join(root, place) }
  folders = %w[docs lib spec ext bench examples python rakelib go c bin native telemetry events client engine operations
               rails store orchestration operation relay]
  path = %r{(?<![\w/.$~-])(?:#{folders.join('|')})/[\w./-]*\w}
  # Files of an application, and those that an install makes.
  elsewhere = %r{\Abin/rails\z|\Alib/(pkgconfig|cmake|libtasker_core)|\Ac/(ld\.so|tasker_core)|\Aspec/blog}

  names = Dir[File.join(root, '{lib,ext,python,spec,bench}/**/*')].to_set { |file| File.basename(file) }
  there = ->(named) { places.any? { |place| Dir["#{File.join(place, named)}{,.rb,.go}"].any? } }

  Dir[File.join(root, '{ARCHITECTURE,README}.md'), File.join(root, 'docs/*.md')].each do |page|
    text = File.read(page)
    quoted = text.scan(/`([^`\n]+)`/).flatten

    it "of #{File.basename(page)} are there" do
      named = quoted.flat_map { |one| one.scan(path) } + text.scan(%r{docs/\w+\.md})
      expect(named.uniq.grep_v(elsewhere).reject(&there)).to be_empty
    end
  end

  # Where the folder was said before, a file goes by its name.
  %w[ARCHITECTURE.md docs/DESIGN.md].each do |page|
    it "without a folder in #{page} are there" do
      named = File.read(File.join(root, page)).scan(/`(\w+\.(?:rb|go|sql|c|py|json))`/).flatten
      expect(named).not_to be_empty
      expect(named.uniq - names.to_a).to be_empty
    end
  end
end
