# Mayfly's build. `make run` serves www/ at once; README.md says the rest.
#
# The handler is a static PIE against musl, because a process that lives for one connection is mostly
# its own start-up. `make CC=gcc` links it against the machine's own libc instead.

VERSION := $(shell sed -n '1s/^mayfly (\(.*\)) .*/\1/p' packaging/debian/changelog)
B ?= build

# $(call quote,TEXT) is one word of the shell, whatever characters are in the text. $(value NAME) is what the
# user typed: make would expand a `$` in it.
quote = '$(subst ','\'',$(1))'

# In other names of a build directory make itself would find a space, a `%`, a `:`...
ifneq ($(shell case $(call quote,$(value B)) in ('' | -* | *[!A-Za-z0-9./_+,-]*) echo invalid ;; esac),)
$(error B=$(value B): the name of a build directory consists of letters, digits and . / _ + , - and does not begin with -)
endif

# `make V=1` shows each command whole.
Q := $(if $(V),,@)

# For size: a handler lives so shortly that reading its pages costs it more than its instructions do.
CFLAGS ?= -Os -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wsign-conversion -Wvla -Wformat=2 -Wundef -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection -fno-plt
# Every page that is read when a handler starts costs it some microseconds. Nothing unwinds its stack.
LEAN := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
ALL_CPPFLAGS = -D_GNU_SOURCE -DMAYFLY_VERSION='"$(VERSION)"' -Isrc -I$(B)/generated $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARNINGS) $(HARDENING) $(LEAN) $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections,--build-id $(LDFLAGS)

# The sanitizers of addresses and of undefined behaviour; they know glibc only.
ifdef SANITIZE
B := build/sanitize
CC := gcc
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined -static-libasan -static-libubsan
endif

# What libFuzzer feeds, with the same sanitizers; it comes with clang.
ifdef FUZZ
B := build/fuzz
CC := clang
ALL_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# HOST=aarch64-linux-gnu builds for another processor, with what Debian has for that.
PKG_CONFIG := $(HOST:%=%-)pkg-config

ifeq ($(origin CC),default)
CC := $(HOST:%=%-)gcc
MUSL := $(patsubst %-gnu,/usr/lib/%-musl,$(shell $(CC) -print-multiarch 2>/dev/null))
TOOLCHAIN := $(B)/musl/static-pie.specs
HANDLER_CC := $(CC) -specs=$(TOOLCHAIN) -static-pie -fPIE -isystem $(B)/musl/include
else
HANDLER_CC := $(CC) -fPIE -pie
endif

HTTP := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/http/*.c))
COUNTER := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/counter/*.c))
BASE := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/base/*.c))
PROXY := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/proxy/*.c))
HANDLER := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/mayfly/*.c))

# The owner's tool is not started per request: it links the machine's own libraries.
CTL := $(patsubst src/%.c,$(B)/libc/%.o,$(wildcard src/mayflyctl/*.c))
CTL_LIBRARIES = $(shell $(PKG_CONFIG) --libs libsystemd json-c)

# Nor is what starts the handlers of a busy site.
ACCEPT := $(patsubst src/%.c,$(B)/libc/%.o,$(wildcard src/mayfly-accept/*.c))

.PHONY: all
all: $(B)/mayfly $(B)/mayflyctl $(B)/mayfly-accept

$(B)/mayfly: $(HANDLER) $(HTTP) $(COUNTER) $(BASE) $(PROXY)
	@echo 'link $@'
	$(Q)$(HANDLER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/obj/%.o: src/%.c $(B)/obj/compiler $(TOOLCHAIN)
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The media types that this machine knows, as a perfect hash; --duplicates makes the denser table.
MEDIA_TYPES := $(B)/generated/http/media_type_table
$(B)/obj/http/media_type.o $(B)/libc/http/media_type.o: $(MEDIA_TYPES).h
$(MEDIA_TYPES).h: src/http/media_type.awk $(wildcard /etc/mime.types)
	@test -e /etc/mime.types || { echo 'make: /etc/mime.types is missing: `make needs`' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo 'generate $@'
	$(Q)LC_ALL=C awk -f $< /etc/mime.types > $(MEDIA_TYPES).gperf
	$(Q)gperf --duplicates --output-file=$@ $(MEDIA_TYPES).gperf

# The handler's filter of system calls, made by libseccomp on the machine that builds, for the one that
# runs it.
BUILD_CC ?= gcc
SECCOMP_FILTER := $(B)/generated/mayfly/seccomp_filter.inc
$(B)/obj/mayfly/sandbox.o: $(SECCOMP_FILTER)
$(SECCOMP_FILTER): src/seccomp/filter.c src/mayfly/beneath.h
	@mkdir -p $(@D) $(B)/seccomp
	@echo 'generate $@'
	$(Q)$(BUILD_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -Isrc -o $(B)/seccomp/filter $< -lseccomp
	$(Q)$(B)/seccomp/filter $(firstword $(subst -, ,$(shell $(CC) -dumpmachine))) > $@.new
	$(Q)mv $@.new $@

# What compiled the objects: another compiler or other flags make them anew, but not another way to
# name the same folder. (Somebody's own flag may well hold `build/` elsewhere, as a Debian package's does.)
COMPILER := $(filter-out $(B)/% -I$(B)/% -specs=$(B)/%,$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS))
$(B)/obj/compiler: FORCE
	@command -v $(CC) >/dev/null || { echo 'make: $(CC) is missing: `make needs`' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(COMPILER))' | cmp -s - $@ || echo '$(subst ','\'',$(COMPILER))' > $@
.PHONY: FORCE

# Debian's musl-gcc makes a dynamic binary when it is asked for a static PIE: its specs know only of
# Scrt1.o and always name a dynamic linker. musl's headers leave Linux's own to be found beside them.
$(B)/musl/static-pie.specs: Makefile
	@test -e $(MUSL)/musl-gcc.specs || { echo 'make: musl is missing: `make needs`, or `make CC=gcc`' >&2; exit 1; }
	@mkdir -p $(@D)/include
	$(Q)ln -sfn /usr/include/linux $(@D)/include/linux
	$(Q)ln -sfn /usr/include/asm-generic $(@D)/include/asm-generic
	$(Q)ln -sfn /usr/include/$(shell $(CC) -print-multiarch)/asm $(@D)/include/asm
	$(Q)sed -e "s|^%{!shared: $(MUSL)/Scrt1.o}|%{static-pie:$(MUSL)/rcrt1.o;!shared:$(MUSL)/Scrt1.o}|" \
		-e 's|^-dynamic-linker [^ ]* -nostdlib|%{static-pie:-static -pie --no-dynamic-linker -z text} -nostdlib|' \
		$(MUSL)/musl-gcc.specs > $@

# src/base, src/http, src/counter and src/proxy once more, against the machine's own libc: for mayflyctl, and for the unit tests.
LIBRARY := $(patsubst $(B)/obj/%,$(B)/libc/%,$(HTTP) $(COUNTER) $(BASE) $(PROXY))

$(B)/libc/%.o: src/%.c $(B)/obj/compiler
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/mayflyctl: $(CTL) $(LIBRARY)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(CTL_LIBRARIES)

$(B)/mayfly-accept: $(ACCEPT) $(BASE:$(B)/obj/%=$(B)/libc/%)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libsystemd)

# The unit tests, a program for each file. Those of pure parts of the programs name what they are made of.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
$(B)/unit/test_accept: $(addprefix $(B)/libc/mayfly-accept/,accept_options.o client.o handler_table.o)
$(B)/unit/test_bus: $(B)/libc/mayflyctl/bus.o
$(B)/unit/test_entry: $(addprefix $(B)/libc/mayflyctl/,entry.o when.o)
$(B)/unit/test_environment: $(addprefix $(B)/libc/mayflyctl/,unit_config.o bus.o)
$(B)/unit/test_hits_counts: $(B)/libc/mayflyctl/hits_counts.o
$(B)/unit/test_hits_text: $(addprefix $(B)/libc/mayflyctl/,hits_text.o hits_counts.o)
$(B)/unit/test_inherited: $(addprefix $(B)/libc/mayfly-accept/,handler_record.o handler_table.o inherited.o)
$(B)/unit/test_listing: $(addprefix $(B)/libc/mayfly/,listing_sort.o listing_page.o page.o)
$(B)/unit/test_pace: $(B)/libc/mayfly/pace.o
$(B)/unit/test_resource: $(addprefix $(B)/libc/mayfly/,resource.o beneath.o real_path.o)
$(B)/unit/test_when: $(B)/libc/mayflyctl/when.o
$(B)/unit/test_bus $(B)/unit/test_environment: UNIT_LIBRARIES := -lsystemd
$(B)/unit/test_entry: UNIT_LIBRARIES := -ljson-c
$(B)/unit/test_inherited: UNIT_LIBRARIES := -lsystemd

.PHONY: unit
unit: $(UNIT_TESTS)

$(UNIT_TESTS): $(B)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $(filter %.c %.o,$^) -lcmocka $(UNIT_LIBRARIES)

# The fuzzers, a program for each file. That of the exchange is made of the handler but for its main.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/fuzz_exchange: $(patsubst src/%.c,$(B)/libc/%.o,$(filter-out %/main.c %/sandbox.c,$(wildcard src/mayfly/*.c)))

.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(FUZZERS): $(B)/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CPPFLAGS) -Isrc/mayfly $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $(filter %.c %.o,$^)

-include $(HANDLER:.o=.d) $(HTTP:.o=.d) $(COUNTER:.o=.d) $(BASE:.o=.d) $(PROXY:.o=.d) $(LIBRARY:.o=.d) $(CTL:.o=.d) $(ACCEPT:.o=.d) $(UNIT_TESTS:=.d) \
	$(wildcard $(B)/libc/mayfly/*.d) \
	$(FUZZERS:=.d)

# What is missing on a fresh Debian is installed before a make of its own looks at the machine again.
MAKE_AGAIN = @$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: needs run precompress
needs:
	@packaging/need build run

# LISTEN=0.0.0.0 or LISTEN=[::] is for other machines too. What is wrong with these is said before anything is
# installed for them.
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

# `make check` is what needs neither root nor network, and installs nothing; bats tests that do carry
# a tag that says so, as do those of tools that only `make test` installs. `make test` is all there is, as
# root; then under Debian 13, with smaller crowds, what runs under systemd; and again with sanitizers what
# runs the handler: not what is tagged `once`. What takes longest comes first.
BATS := $(wildcard tests/bats/*.bats)
SYSTEM := $(wildcard tests/system/*.bats)
SANITIZED := $(B)/sanitize
FUZZED := $(B)/fuzz

.PHONY: check test
check:
	@packaging/need --missing build check
	$(MAKE_AGAIN) all unit
	@tests/run MAYFLY=$(call quote,$(abspath $(B)/mayfly)) FILTER_TAGS='!root,!network,!tools' $(UNIT_TESTS) $(BATS)

test:
	@test "$$(id -u)" -eq 0 || command -v sudo >/dev/null || { echo 'make test: run it as root, or install sudo' >&2; exit 1; }
	@packaging/need build run fuzz test
	$(MAKE_AGAIN) all unit
	$(MAKE_AGAIN) all unit SANITIZE=1 B='$(SANITIZED)'
	$(MAKE_AGAIN) fuzzers FUZZ=1 B='$(FUZZED)'
	@$(if $(filter 0,$(shell id -u)),,sudo) tests/run CI=$(call quote,$(value CI)) B='$(B)' \
		MAYFLY=$(call quote,$(abspath $(B)/mayfly)) MAYFLY_BUILD=$(call quote,$(abspath $(B))) KILL_SECONDS=60 MISSING_NAMES=1000 FLEET_REQUESTS=30000 \
		$(SYSTEM) tests/lint tests/fuzz/run $(UNIT_TESTS) $(BATS) \
		SUITE=trixie FLOOD=100 MISSING_NAMES=200 FLEET_REQUESTS=600 FILTER_TAGS='!network' $(SYSTEM) SUITE=bookworm \
		FILTER_TAGS='!once' KILL_SECONDS=3 MAYFLY=$(call quote,$(abspath $(SANITIZED)/mayfly)) MAYFLY_BUILD=$(call quote,$(abspath $(SANITIZED))) \
		tests/system/serving.bats $(UNIT_TESTS:$(B)/%=$(SANITIZED)/%) $(BATS)

# Each fuzzer for so many seconds. What they find is kept in the build folder; what is worth it goes
# to tests/fuzz/seeds.
SECONDS := 60
.PHONY: fuzz
fuzz:
	@packaging/need build fuzz
	$(MAKE_AGAIN) fuzzers FUZZ=1 B='$(FUZZED)'
	@tests/fuzz/run '$(FUZZED)' $(call quote,$(value SECONDS))

# Ratios, on this machine; tests/bench/BENCHMARKS.md explains them. PARTS='exchange growth' are some of
# them; those under systemd take root.
PARTS :=
.PHONY: bench
bench:
	@packaging/need build bench
	$(MAKE_AGAIN) all
	@B='$(B)' tests/bench/run $(PARTS)

# Pictures of what visitors and owners see, in the build folder, by a browser; the README's two are made anew.
.PHONY: screenshots
screenshots:
	@packaging/need build test screenshots
	$(MAKE_AGAIN) all
	@$(if $(filter 0,$(shell id -u)),,sudo) env SCREENSHOTS=$(call quote,$(abspath $(B)/screenshots)) MAYFLY=$(call quote,$(abspath $(B)/mayfly)) \
		MAYFLY_BUILD=$(call quote,$(abspath $(B))) bats tests/screenshots/take.bats
	cp '$(B)/screenshots/site.png' '$(B)/screenshots/listing.png' packaging/screenshots/

# What tests/bats/cost.bats holds one exchange to, counted anew.
.PHONY: cost
cost:
	@packaging/need build check
	$(MAKE_AGAIN) all
	@$(if $(filter 0,$(shell id -u)),,sudo) env MAYFLY=$(call quote,$(abspath $(B)/mayfly)) NEW_COST=1 bats tests/bats/cost.bats

# Installing. DESTDIR and prefix as everywhere; systemd's directories are asked of pkg-config, and
# are those that every systemd reads where pkg-config knows none. `make STRIP=` keeps the symbols.
prefix ?= /usr/local
STRIP ?= -s
systemd_directory = $(or $(shell pkg-config --variable=$(1) systemd 2>/dev/null),$(2))
systemdsystemunitdir ?= $(call systemd_directory,systemdsystemunitdir,/usr/lib/systemd/system)
sysusersdir ?= $(call systemd_directory,sysusersdir,/usr/lib/sysusers.d)
tmpfilesdir ?= $(call systemd_directory,tmpfilesdir,/usr/lib/tmpfiles.d)
systemdversion ?= $(or $(shell pkg-config --modversion systemd 2>/dev/null),$(word 2,$(shell systemctl --version)))

UNITS := $(filter-out %.conf %.sysusers %.tmpfiles,$(wildcard units/*))
# Instead of a template, the pattern of its instances.
INSTANCES = $(patsubst %,'%',$(subst @.,@*.,$(notdir $(UNITS))))
MAN_PAGES := $(wildcard packaging/man/*.[1-8])
INETD := $(wildcard packaging/inetd/*)
FRONT := $(wildcard packaging/front/*)
PROMETHEUS := packaging/prometheus/mayfly.rules.yml
man_page = share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

# What systemd adds to the units of the same name, and to those whose names begin so: further sites'.
DROP_INS = $(addprefix $(systemdsystemunitdir)/,mayfly.socket.d mayfly-site-.socket.d mayfly-site-@.service.d)
POLL_LIMITED = $(filter %.socket.d,$(DROP_INS))

# Where each text goes, as source:destination. They say /usr/local where the prefix belongs.
TEXTS = $(foreach f,$(UNITS),$(f):$(systemdsystemunitdir)/$(notdir $(f))) \
	units/mayfly.sysusers:$(sysusersdir)/mayfly.conf \
	units/mayfly.tmpfiles:$(tmpfilesdir)/mayfly.conf \
	units/hardened.conf:$(prefix)/share/mayfly/hardened.conf \
	$(if $(shell test '$(systemdversion)' -ge 255 2>/dev/null && echo newer),$(POLL_LIMITED:%=units/poll-limit.conf:%/poll-limit.conf)) \
	$(foreach f,$(MAN_PAGES),$(f):$(prefix)/$(call man_page,$(f))) \
	packaging/completions/mayflyctl:$(prefix)/share/bash-completion/completions/mayflyctl \
	$(foreach f,$(INETD),$(f):$(prefix)/share/doc/mayfly/inetd/$(notdir $(f))) \
	$(foreach f,$(FRONT),$(f):$(prefix)/share/doc/mayfly/front/$(notdir $(f))) \
	$(foreach f,$(PROMETHEUS),$(f):$(prefix)/share/doc/mayfly/prometheus/$(notdir $(f)))

# Settings of the units that a further site does not take over.
OF_EACH_SITE := Description|RequiresMountsFor|AssertPathIsDirectory|ListenStream|ExecStart

# Each program of the build folder, as its destination.
PROGRAMS = $(prefix)/sbin/mayfly $(prefix)/sbin/mayfly-accept $(prefix)/bin/mayflyctl

# Root and systemd run what is installed. The owner of a directory on the way to it could replace it, and while it is
# being installed could lead root to another file.
ROOTS_DIRECTORIES = $(sort $(dir $(PROGRAMS)) $(foreach text,$(TEXTS),$(dir $(lastword $(subst :, ,$(text))))))
define refuse_other_owners
	@test "$$(id -u)" -ne 0 || for directory in $(ROOTS_DIRECTORIES:%='%'); do \
		while directory=$${directory%/*}; test -n "$$directory"; do \
			owner=$$(stat -L -c %U "$$directory" 2>/dev/null) || continue; \
			test "$$owner" = root || { echo "make: $$directory belongs to $$owner, who could replace what root" \
				'runs from there: choose another prefix, or install as that user' >&2; exit 1; }; \
		done; \
	done
endef

# A program is renamed into its place: at no moment does a visitor find none there.
.PHONY: install uninstall
install: all
	$(if $(DESTDIR),,$(refuse_other_owners))
	@umask 022; set -e; for program in $(PROGRAMS); do \
		destination="$(DESTDIR)$$program"; \
		echo "install $$destination"; \
		install -D $(STRIP) -m 755 "$(B)/$${program##*/}" "$$destination.new"; \
		mv -f "$$destination.new" "$$destination"; \
	done
	@umask 022; set -e; for text in $(TEXTS); do \
		destination="$(DESTDIR)$${text#*:}"; \
		echo "install $$destination"; \
		install -d "$${destination%/*}"; \
		sed 's|/usr/local|$(prefix)|g; s|^\.Os$$|.Os Mayfly $(VERSION)|' "$${text%%:*}" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; set -e; for unit in .socket @.service; do \
		destination="$(DESTDIR)$(systemdsystemunitdir)/mayfly-site-$$unit.d/mayfly.conf"; \
		echo "install $$destination"; \
		install -d "$${destination%/*}"; \
		sed -E -e "1i # What mayfly$$unit says, but for what each site says itself (mayfly.socket(5))." \
			-e '/^#/d; /^\[Install\]/,$$d; /^($(OF_EACH_SITE))=/d' "units/mayfly$$unit" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; install -m 755 packaging/precompress '$(DESTDIR)$(prefix)/share/mayfly/precompress'
	@umask 022; find www -type f -exec install -D -m 644 '{}' '$(DESTDIR)$(prefix)/share/mayfly/{}' ';'
ifndef DESTDIR
	@! command -v systemd-sysusers >/dev/null || systemd-sysusers $(sysusersdir)/mayfly.conf
	@! command -v systemd-tmpfiles >/dev/null || systemd-tmpfiles --create $(tmpfilesdir)/mayfly.conf
	@test ! -d /run/systemd/system || systemctl daemon-reload
endif

# All but the owner's: the site, the counts, the user they belong to, and what stands in /etc.
uninstall:
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl disable --now $(notdir $(shell grep -l '^\[Install\]' $(UNITS))) || true
	@test ! -d /run/systemd/system || systemctl stop 'mayfly-site-*.socket' $(INSTANCES) || true
	@test ! -d /run/systemd/system || systemctl reset-failed $(INSTANCES) 2>/dev/null || true
	rm -f $(patsubst %,/var/lib/systemd/timers/stamp-%,$(filter %.timer,$(notdir $(UNITS))))
endif
	rm -f $(PROGRAMS:%='$(DESTDIR)%') \
		$(foreach text,$(TEXTS),'$(DESTDIR)$(lastword $(subst :, ,$(text)))')
	rm -rf '$(DESTDIR)$(prefix)/share/mayfly' '$(DESTDIR)$(prefix)/share/doc/mayfly' \
		$(DROP_INS:%='$(DESTDIR)%')
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl daemon-reload
endif

# The source, as git knows it or as it was unpacked, in a tarball that is the same wherever it is made.
DIST := mayfly-$(VERSION)
.PHONY: dist
dist:
	@command -v xz >/dev/null || packaging/need dist
	@mkdir -p '$(B)'
	@{ test -e .git && git ls-files -z 2>/dev/null || find . \( -path ./build -o -path ./.git \) -prune -o -type f -print0; } | \
		tar --create --xz --file='$(B)/$(DIST).tar.xz' --null --files-from=- --transform='s|^\(\./\)\?|$(DIST)/|' --sort=name --format=ustar \
			--owner=root:0 --group=root:0 --mode=go=rX,u+w \
			--mtime="$$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)"
	@echo '$(B)/$(DIST).tar.xz'

# The Debian package, made of that tarball: there packaging/debian is where Debian looks for it. ARCH=arm64
# makes it for another processor, whose libraries the machine must have; it is not tested then. Nor is it with
# DEB_BUILD_OPTIONS=nocheck, and then what only the tests need is not needed: the build profile says so.
ARCH :=
comma := ,
NOCHECK := $(if $(ARCH),cross$(comma)nocheck,$(if $(filter nocheck,$(DEB_BUILD_OPTIONS)),nocheck))
.PHONY: deb
deb:
	@packaging/need dist build deb $(if $(NOCHECK),,check)
	@$(MAKE) --no-print-directory dist
	@rm -rf '$(B)/deb' && mkdir '$(B)/deb' && tar -C '$(B)/deb' -xf '$(B)/$(DIST).tar.xz'
	cp -R '$(B)/deb/$(DIST)/packaging/debian' '$(B)/deb/$(DIST)/debian'
	cd '$(B)/deb/$(DIST)' && dpkg-buildpackage --unsigned-source --unsigned-changes --build=full \
		$(if $(ARCH),--host-arch=$(ARCH)) $(NOCHECK:%=--build-profiles=%)
	cp '$(B)/deb/'*.deb '$(B)/'

.PHONY: clean
clean:
	rm -rf build
