# Builds Mayfly, serves with it and tests it. packaging/guide/develop.md describes the targets; the files
# included at the end install and package what is built here.
#
# The handler is a static PIE linked against musl: its start-up is most of the cost of a process that serves
# one connection. `make CC=gcc` links it against the machine's own libc instead.

VERSION := $(shell sed -n '1s/^mayfly (\(.*\)) .*/\1/p' packaging/debian/changelog)
B ?= build

# make would search its own rules for each header, which takes longer than all else it does if nothing is to be built.
MAKEFLAGS += --no-builtin-rules

# $(call quote,TEXT) is one word for the shell, whatever characters TEXT contains. Use it with $(value NAME) for
# variables that users set: make would expand a `$` in $(NAME).
quote = '$(subst ','\'',$(1))'

# make itself gives a meaning to other characters in the name of a target: a space, `%`, `:` and so on.
ifneq ($(shell case $(call quote,$(value B)) in ('' | -* | *[!A-Za-z0-9./_+,-]*) echo invalid ;; esac),)
$(error B=$(value B): the name of a build directory consists of letters, digits and . / _ + , - and does not begin with -)
endif

# `make V=1` prints each command.
Q := $(if $(V),,@)

# Optimize for size: reading the pages of its program costs a handler more than executing the instructions.
CFLAGS ?= -Os -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wsign-conversion -Wvla -Wformat=2 -Wundef -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection -fno-plt
# Leave out what the handler does not use, such as tables to unwind its stack: each page that it reads takes
# some microseconds.
LEAN := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
ALL_CPPFLAGS = -D_GNU_SOURCE -DMAYFLY_VERSION='"$(VERSION)"' -Isrc -I$(B)/generated $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARNINGS) $(HARDENING) $(LEAN) $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections,--build-id $(LDFLAGS)

# `make SANITIZE=1`: with the sanitizers of addresses and of undefined behaviour. They require glibc.
ifdef SANITIZE
B := build/sanitize
CC := gcc
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined -static-libasan -static-libubsan
endif

# `make FUZZ=1`: with the same sanitizers, for libFuzzer, which is part of clang.
ifdef FUZZ
B := build/fuzz
CC := clang
ALL_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# `make COVERAGE=1`: counts how often each branch is taken. When a program exits, it adds its counts to files beside the
# objects; tests/coverage makes the report. The tests themselves are not counted. Optimization would merge branches.
ifdef COVERAGE
B := build/coverage
CC := gcc
ALL_CFLAGS += -O0
COVERAGE_FLAGS := --coverage -fprofile-update=atomic -DMAYFLY_COVERAGE
COVERAGE_OBJECTS := $(B)/counts_at_exit.o $(shell $(CC) -print-file-name=libgcov.a)
endif

# `make HOST=aarch64-linux-gnu`: for another processor, with Debian's cross compiler and its musl.
PKG_CONFIG := $(HOST:%=%-)pkg-config

ifeq ($(origin CC),default)
CC := $(HOST:%=%-)gcc
MUSL := $(patsubst %-gnu,/usr/lib/%-musl,$(shell $(CC) -print-multiarch 2>/dev/null))
TOOLCHAIN := $(B)/musl/static-pie.specs
HANDLER_CC := $(CC) -specs=$(TOOLCHAIN) -static-pie -fPIE -isystem $(B)/musl/include
else
HANDLER_CC := $(CC) -fPIE -pie
endif

# $(call objects,DIRECTORY,KIND): the objects of src/DIRECTORY. There are two kinds: those in obj/ are for the
# handler, those in libc/ are linked against the machine's own libc, for all other programs and the tests.
objects = $(patsubst src/%.c,$(B)/$(2)/%.o,$(wildcard src/$(1)/*.c))
library = $(call objects,http,$(1)) $(call objects,counter,$(1)) $(call objects,base,$(1)) $(call objects,proxy,$(1))
LIBRARY := $(call library,libc)

.PHONY: all
all: $(B)/mayfly $(B)/mayflyctl $(B)/mayfly-accept $(B)/mayfly-handshake

# The linker keeps this order. The static data that each exchange writes comes first, on the page of .data.
$(B)/mayfly: $(B)/obj/mayfly/exchange.o $(B)/obj/mayfly/main.o $(call objects,mayfly,obj) $(call library,obj)
	@echo 'link $@'
	$(Q)$(HANDLER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

# Started for each connection by HTTPS, so it is linked like the handler.
$(B)/mayfly-handshake: $(call objects,mayfly-handshake,obj) $(call objects,base,obj)
	@echo 'link $@'
	$(Q)$(HANDLER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/obj/%.o: src/%.c $(B)/obj/compiler $(TOOLCHAIN)
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(COVERAGE_FLAGS) -MMD -MP -c -o $@ $<

# Mayfly's own media types and those of this machine's /etc/mime.types, as a perfect hash. --duplicates makes a
# denser table.
MEDIA_TYPES := $(B)/generated/http/media_type_table
$(B)/obj/http/media_type.o $(B)/libc/http/media_type.o: $(MEDIA_TYPES).h
$(MEDIA_TYPES).h: src/http/media_type.awk src/http/media_types $(wildcard /etc/mime.types)
	@test -e /etc/mime.types || { echo 'make: /etc/mime.types is missing: `make needs`' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo 'generate $@'
	$(Q)LC_ALL=C awk -f $< src/http/media_types /etc/mime.types > $(MEDIA_TYPES).gperf
	$(Q)gperf --duplicates --output-file=$@ $(MEDIA_TYPES).gperf

# The handler's system call filter. A program that runs on the building machine generates it with libseccomp,
# for the processor that the handler is compiled for.
BUILD_CC ?= gcc
SECCOMP_FILTER := $(B)/generated/mayfly/seccomp_filter.inc
$(B)/obj/mayfly/sandbox.o: $(SECCOMP_FILTER)
$(SECCOMP_FILTER): src/seccomp/filter.c src/base/beneath.h
	@mkdir -p $(@D) $(B)/seccomp
	@echo 'generate $@'
	$(Q)$(BUILD_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -Isrc -o $(B)/seccomp/filter $< -lseccomp
	$(Q)$(B)/seccomp/filter $(firstword $(subst -, ,$(shell $(CC) -dumpmachine))) > $@.new
	$(Q)mv $@.new $@

# Another compiler or other flags compile all objects again: this file holds both. Another name of the same
# build directory does not, so words that begin with it are left out. (A flag may contain `build/` elsewhere,
# as one of Debian's does: that flag counts.)
COMPILER := $(filter-out $(B)/% -I$(B)/% -specs=$(B)/%,$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(COVERAGE_FLAGS))
$(B)/obj/compiler: FORCE
	@command -v $(CC) >/dev/null || { echo 'make: $(CC) is missing: `make needs`' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo $(call quote,$(COMPILER)) | cmp -s - $@ || echo $(call quote,$(COMPILER)) > $@
.PHONY: FORCE

# With -static-pie, Debian's musl-gcc silently makes a dynamic binary: its specs always name Scrt1.o and a dynamic
# linker. Edit them. musl's headers also need Linux's own headers, without those of glibc beside them.
$(B)/musl/static-pie.specs: Makefile
	@test -e $(MUSL)/musl-gcc.specs || { echo 'make: musl is missing: `make needs`, or `make CC=gcc`' >&2; exit 1; }
	@mkdir -p $(@D)/include
	$(Q)ln -sfn /usr/include/linux $(@D)/include/linux
	$(Q)ln -sfn /usr/include/asm-generic $(@D)/include/asm-generic
	$(Q)ln -sfn /usr/include/$(shell $(CC) -print-multiarch)/asm $(@D)/include/asm
	$(Q)sed -e "s|^%{!shared: $(MUSL)/Scrt1.o}|%{static-pie:$(MUSL)/rcrt1.o;!shared:$(MUSL)/Scrt1.o}|" \
		-e 's|^-dynamic-linker [^ ]* -nostdlib|%{static-pie:-static -pie --no-dynamic-linker -z text} -nostdlib|' \
		$(MUSL)/musl-gcc.specs > $@

$(B)/libc/%.o: src/%.c $(B)/obj/compiler
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(COVERAGE_FLAGS) -MMD -MP -c -o $@ $<

$(B)/mayflyctl: $(call objects,mayflyctl,libc) $(LIBRARY)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libsystemd json-c)

$(B)/mayfly-accept: $(call objects,mayfly-accept,libc) $(call objects,base,libc)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libsystemd)

# The unit tests, one program per file. Each is linked with the libraries, and with those objects of the programs
# that are listed for it here.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
$(B)/unit/test_accept: $(filter-out %/main.o,$(call objects,mayfly-accept,libc))
$(B)/unit/test_bus: $(addprefix $(B)/libc/mayflyctl/,bus.o memory.o)
$(B)/unit/test_calendar: $(B)/libc/mayflyctl/calendar.o
CHECK_OBJECTS := $(filter-out $(addprefix %/,main.o bus.o check_firewall.o check_https.o program.o user.o),$(call objects,mayflyctl,libc))
$(B)/unit/test_check: $(CHECK_OBJECTS)
$(B)/unit/test_check_files: $(CHECK_OBJECTS)
$(B)/unit/test_check_firewall: $(addprefix $(B)/libc/mayflyctl/,check_firewall.o memory.o)
$(B)/unit/test_check_https: $(B)/libc/mayflyctl/check_https.o
$(B)/unit/test_check_listening: $(B)/libc/mayflyctl/check_listening.o
$(B)/unit/test_check_requests: $(CHECK_OBJECTS)
$(B)/unit/test_check_unit_files: $(CHECK_OBJECTS)
$(B)/unit/test_check_units: $(B)/libc/mayflyctl/check_units.o
$(B)/unit/test_control_group: $(B)/libc/mayfly-accept/control_group.o
$(B)/unit/test_entry: $(addprefix $(B)/libc/mayflyctl/,entry.o memory.o when.o)
$(B)/unit/test_environment: $(addprefix $(B)/libc/mayflyctl/,environment.o memory.o transfer.o)
$(B)/unit/test_findings: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_history: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_history_faults: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_hits_commands: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_hits_counts: $(B)/libc/mayflyctl/hits_counts.o
$(B)/unit/test_hits_file: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_hits_text: $(addprefix $(B)/libc/mayflyctl/,hits_text.o hits_counts.o)
$(B)/unit/test_https: $(addprefix $(B)/libc/mayflyctl/,https.o bus.o listener.o memory.o)
$(B)/unit/test_https_command: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_inherited: $(addprefix $(B)/libc/mayfly-accept/,handler_record.o handler_table.o inherited.o)
$(B)/unit/test_journal: $(filter-out $(addprefix %/,main.o bus.o user.o),$(call objects,mayflyctl,libc))
$(B)/unit/test_journal_commands: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_listener: $(B)/libc/mayflyctl/listener.o
$(B)/unit/test_listing: $(addprefix $(B)/libc/mayfly/,listing_sort.o listing_json.o listing_page.o page.o)
$(B)/unit/test_nearest_word: $(B)/libc/mayflyctl/nearest_word.o
$(B)/unit/test_options: $(addprefix $(B)/libc/mayfly/,options.o)
$(B)/unit/test_output: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_pace: $(B)/libc/mayfly/pace.o
$(B)/unit/test_program: $(filter-out %/main.o %/user.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_report_sources: $(addprefix $(B)/libc/mayflyctl/,report_sources.o tally.o memory.o entry.o when.o)
$(B)/unit/test_resource: $(addprefix $(B)/libc/mayfly/,resource.o)
$(B)/unit/test_safe_path: $(B)/libc/mayflyctl/safe_path.o
$(B)/unit/test_service_paths: $(B)/libc/mayflyctl/service_paths.o
$(B)/unit/test_site_commands: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_site_files: $(addprefix $(B)/libc/mayflyctl/,site_files.o transfer.o)
$(B)/unit/test_site_name: $(B)/libc/mayflyctl/site_name.o
$(B)/unit/test_sites: $(filter-out %/main.o,$(call objects,mayflyctl,libc))
$(B)/unit/test_status_command: $(filter-out $(addprefix %/,main.o bus.o child.o user.o),$(call objects,mayflyctl,libc))
$(B)/unit/test_tally: $(addprefix $(B)/libc/mayflyctl/,tally.o memory.o)
$(B)/unit/test_transfer: $(B)/libc/mayflyctl/transfer.o
$(B)/unit/test_user: $(B)/libc/mayflyctl/user.o
$(B)/unit/test_when: $(addprefix $(B)/libc/mayflyctl/,memory.o when.o)
$(B)/unit/test_accept: UNIT_LIBRARIES := -lsystemd
$(B)/unit/test_badge: UNIT_LIBRARIES := -lm
$(B)/unit/test_bus: UNIT_LIBRARIES := -lsystemd
$(B)/unit/test_check: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_check_files: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_check_firewall: UNIT_LIBRARIES := -ljson-c
$(B)/unit/test_check_requests: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_check_unit_files: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_entry: UNIT_LIBRARIES := -ljson-c
$(B)/unit/test_findings: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_history: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_https: UNIT_LIBRARIES := -lsystemd
$(B)/unit/test_https_command: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_history_faults: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_hits_commands: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_hits_file: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_inherited: UNIT_LIBRARIES := -lsystemd
$(B)/unit/test_journal: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_journal_commands: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_output: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_program: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_report_sources: UNIT_LIBRARIES := -ljson-c
$(B)/unit/test_site_commands: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_sites: UNIT_LIBRARIES := -lsystemd -ljson-c
$(B)/unit/test_status_command: UNIT_LIBRARIES := -lsystemd -ljson-c

.PHONY: unit
unit: $(UNIT_TESTS)
	@mkdir -p $(B)/tools

$(UNIT_TESTS): $(B)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $(filter %.c %.o %.a,$^) -lcmocka $(UNIT_LIBRARIES)

# With COVERAGE=1, what counts the branches is linked after the objects.
$(B)/mayfly $(B)/mayfly-handshake $(B)/mayflyctl $(B)/mayfly-accept $(UNIT_TESTS): $(COVERAGE_OBJECTS)
$(B)/counts_at_exit.o: tests/tools/counts_at_exit.c $(B)/obj/compiler
	@echo 'compile $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# The fuzzers, one program per file. fuzz_exchange is linked with the handler except for its main and its sandbox.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/fuzz_exchange: $(filter-out %/main.o %/sandbox.o,$(call objects,mayfly,libc))

.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(FUZZERS): $(B)/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CPPFLAGS) -Isrc/mayfly $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $(filter %.c %.o,$^)

# The headers that each object and each program was compiled from, as the compiler wrote them down.
-include $(wildcard $(B)/obj/*/*.d $(B)/libc/*/*.d $(B)/unit/*.d $(B)/fuzz_*.d)

AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo)

# Make looks for the compiler and the libraries when it starts. So the targets below install missing Debian packages
# first, and then start another make that builds. Without -j it uses all processors.
MAKE_AGAIN = @$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: needs run precompress
needs:
	@packaging/need build run

# LISTEN=0.0.0.0 or LISTEN=[::] serves other machines too. Invalid values are reported before any package is
# installed.
PORT := 8080
ROOT := www
LISTEN :=
RUN = packaging/run $(1) '$(B)' $(call quote,$(value PORT)) $(call quote,$(value ROOT)) $(call quote,$(value LISTEN))
run:
	@$(call RUN,--check)
	@packaging/need build run
	$(MAKE_AGAIN) all
	@$(call RUN)

precompress:
	@packaging/need precompress
	@packaging/precompress -- $(call quote,$(value ROOT))

SANITIZED := $(B)/sanitize
FUZZED := $(B)/fuzz
COVERED := $(B)/coverage

# `make check` requires neither root nor a network, and installs nothing. Tests that require root, a network or tools
# that only `make test` installs have a tag that says so; those tagged `slow` would take most of its time.
# Its suites often wait, so it runs more of them at once than `make test` does.
.PHONY: check
check:
	@packaging/need --missing build check
	$(MAKE_AGAIN) all unit
	@JOBS="$${JOBS:-$$(($$(nproc) + 8))}" tests/run B='$(B)' FILTER_TAGS='!root,!network,!tools,!slow' --list tests/quick

# `make test` runs all tests, as root. tests/suites lists them.
.PHONY: test
test:
	@test "$$(id -u)" -eq 0 || command -v sudo >/dev/null || { echo 'make test: run it as root, or install sudo' >&2; exit 1; }
	@packaging/need build run coverage fuzz prove test
	$(MAKE_AGAIN) all unit
	$(MAKE_AGAIN) all unit SANITIZE=1 B='$(SANITIZED)'
	$(MAKE_AGAIN) fuzzers FUZZ=1 B='$(FUZZED)'
	@$(AS_ROOT) tests/run CI=$(call quote,$(value CI)) B='$(B)' --list tests/suites

# Runs each fuzzer for SECONDS. The inputs that they find stay in the build directory; add those worth keeping to
# tests/fuzz/found, in the form that tests/fuzz/run describes.
SECONDS := 60
.PHONY: fuzz
fuzz:
	@packaging/need build fuzz
	$(MAKE_AGAIN) fuzzers FUZZ=1 B='$(FUZZED)'
	@tests/fuzz/run '$(FUZZED)' $(call quote,$(value SECONDS))

# Proves the contracts with Frama-C, which Debian 12 has.
.PHONY: prove
prove:
	@packaging/need build prove
	@command -v frama-c >/dev/null || { echo 'make prove: Frama-C is not installed, and Debian 13 has no package of it. Run it on Debian 12, for example' \
		'in a container, with its packages frama-c-base, why3, z3 and cvc4.' >&2; exit 1; }
	@B='$(B)' tests/prove

# Changes one thing of a source file, and reports whether a test notices, COUNT times. SEED draws other changes, FILES
# (default: all of src) are the files to change. tests/mutants/run describes more options.
COUNT := 20
SEED := 1
FILES :=
.PHONY: mutants
mutants:
	@packaging/need build check
	@nice -n 19 tests/mutants/run --count $(call quote,$(value COUNT)) --seed $(call quote,$(value SEED)) $(FILES)

# Counts which branches the tests take that need no root, and compares the counts with tests/branches. With SYSTEM=yes
# also those that need root, in containers with real systemd.
SYSTEM :=
.PHONY: coverage
coverage:
	@packaging/need build check coverage $(if $(SYSTEM),test)
	$(MAKE_AGAIN) all unit COVERAGE=1 B='$(COVERED)'
	@$(if $(SYSTEM),$(AS_ROOT)) env B='$(B)' tests/coverage $(if $(SYSTEM),system,quick)

# Measures costs as ratios; tests/bench/BENCHMARKS.md explains them. PARTS='exchange growth' measures only these
# parts. The parts under systemd require root.
PARTS :=
.PHONY: bench
bench:
	@packaging/need build bench
	$(MAKE_AGAIN) all
	@B='$(B)' tests/bench/run $(PARTS)

# Takes pictures of what visitors and owners see, into the build directory, and replaces those of README.md and the guides.
.PHONY: screenshots
screenshots:
	@packaging/need build test screenshots
	$(MAKE_AGAIN) all
	@$(AS_ROOT) env SCREENSHOTS=$(call quote,$(abspath $(B)/screenshots)) MAYFLY=$(call quote,$(abspath $(B)/mayfly)) \
		MAYFLY_BUILD=$(call quote,$(abspath $(B))) bats tests/screenshots/take.bats
	cp $(addprefix $(B)/screenshots/,site.png listing.png counter.png) packaging/screenshots/

# Counts what one exchange costs, and writes the limits of tests/bats/cost.bats.
.PHONY: cost
cost:
	@packaging/need build check
	$(MAKE_AGAIN) all
	@$(AS_ROOT) env MAYFLY=$(call quote,$(abspath $(B)/mayfly)) NEW_COST=1 bats tests/bats/cost.bats

# `make install`, `make uninstall`, `make dist` and `make deb`.
include packaging/install.mk packaging/dist.mk packaging/deb.mk

.PHONY: clean
clean:
	rm -rf build
