# frozen_string_literal: true

# Builds the Go core as a C archive and links it into the extension. Where that
# cannot work the gem installs as Ruby only: the reason is written beside the
# library, and TaskerCore.unavailable_reason tells it.
require 'mkmf'
require 'fileutils'
require_relative 'native_build'

build = TaskerCore::NativeBuild.new(source: __dir__, log: ->(line) { message("#{line}\n") })
reason = build.unsupported_reason

if reason
  message("tasker_core: installing without the native core: #{reason}\n")
  build.write_ruby_only_makefile(reason)
else
  $CFLAGS << ' -std=gnu11 -O2 -Wall'
  $LOCAL_LIBS << " #{build.archive}"
  # The archive's symbols stay private: a copy of the extension that a forked
  # child loads must not find the parent's runtime through the dynamic linker.
  $DLDFLAGS << ' -Wl,-Bsymbolic -Wl,--exclude-libs,ALL'
  $LOCAL_LIBS << ' -lpthread -lresolv'
  create_makefile('tasker_core/tasker_core_native')
  build.append_go_rules_to_makefile
end
