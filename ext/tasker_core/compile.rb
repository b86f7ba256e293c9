# frozen_string_literal: true

# Writes the Makefile that builds the Go core as a C archive and links it into the
# extension, in the folder where it is run. It ends with 1 where that cannot work:
# `rake compile` shows that, extconf.rb makes a gem of Ruby only of it.
require_relative 'native_build'

build = TaskerCore::NativeBuild.new(source: __dir__)
refusal = build.refusal
abort "tasker_core: #{refusal.reason}. #{refusal.remedy}" if refusal

require 'mkmf'

$CFLAGS << ' -std=gnu11 -O2 -Wall'
$LOCAL_LIBS << " #{build.archive}"
# The archive's symbols stay private: a copy of the extension that a forked
# child loads must not find the parent's runtime through the dynamic linker.
$DLDFLAGS << ' -Wl,-Bsymbolic -Wl,--exclude-libs,ALL'
# What a debugger could say of a Go archive without symbols is not worth megabytes.
$DLDFLAGS << ' -Wl,--strip-all'
$LOCAL_LIBS << ' -lpthread -lresolv'
create_makefile('tasker_core/tasker_core_native')
build.append_go_rules_to_makefile(build.prepare_core)
