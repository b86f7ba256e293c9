# shellcheck shell=bash
# How scripts start Ruby where they run on the real engine if there is one; see
# engine.rb. Sourced after common.sh.

# Succeeds where the engine is wanted and found. What it needs was looked at by bin/setup.
engine_is_here() { ruby -r "$ROOT/bin/lib/engine" -e 'exit TaskerEngine.here?'; }

# Sets RUN, the command before a Ruby script. The engine is in no Gemfile: with it Ruby
# runs outside of Bundler, where the gems that Bundler keeps beside the project are
# found too.
choose_run() {
  RUN=(bundle exec ruby)
  engine_is_here || return 0
  RUN=(env "GEM_PATH=$(ruby -r bundler -e 'print [*Gem.path, Bundler.bundle_path.to_s].uniq.join(File::PATH_SEPARATOR)')" ruby)
}
