# Mayfly's build. `make run` serves www/ at once; README.md says the rest.
#
# The handler is a static PIE against musl, because a process that lives for one connection is mostly
# its own start-up. `make CC=gcc` links it against the machine's own libc instead.

VERSION := 0.1
B ?= build

# `make V=1` shows each command whole.
Q := $(if $(V),,@)

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wsign-conversion -Wvla -Wformat=2 -Wundef -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection -fno-plt
ALL_CPPFLAGS := -D_GNU_SOURCE -DMAYFLY_VERSION='"$(VERSION)"' -Isrc -I$(B)/generated $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARNINGS) $(HARDENING) -ffunction-sections -fdata-sections $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections,--build-id $(LDFLAGS)

# The sanitizers of addresses and of undefined behaviour; they know glibc only.
ifdef SANITIZE
B := build/sanitize
CC := gcc
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined -static-libasan -static-libubsan
endif

ifeq ($(origin CC),default)
CC := gcc
MUSL := $(patsubst %-gnu,/usr/lib/%-musl,$(shell $(CC) -print-multiarch 2>/dev/null))
TOOLCHAIN := $(B)/musl/static-pie.specs
HANDLER_CC := $(CC) -specs=$(TOOLCHAIN) -static-pie -fPIE -isystem $(B)/musl/include
else
HANDLER_CC := $(CC) -fPIE -pie
endif

HTTP := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/http/*.c))
HITS := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/hits/*.c))
HANDLER := $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/mayfly/*.c))

.PHONY: all
all: $(B)/mayfly

$(B)/mayfly: $(HANDLER) $(HTTP) $(HITS)
	@echo 'link $@'
	$(Q)$(HANDLER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/obj/%.o: src/%.c $(B)/obj/compiler $(TOOLCHAIN)
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The media types that this machine knows, as a perfect hash; --duplicates makes the denser table.
MEDIA_TYPES := $(B)/generated/http/media_type_table
$(B)/obj/http/media_type.o $(B)/unit/http/media_type.o: $(MEDIA_TYPES).h
$(MEDIA_TYPES).h: src/http/media_type.awk $(wildcard /etc/mime.types)
	@test -e /etc/mime.types || { echo 'make: /etc/mime.types is missing: `make needs`' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo 'generate $@'
	$(Q)LC_ALL=C awk -f $< /etc/mime.types > $(MEDIA_TYPES).gperf
	$(Q)gperf --duplicates --output-file=$@ $(MEDIA_TYPES).gperf

# What compiled the objects: another compiler or other flags make them anew, but not another way to
# name the same folder.
COMPILER := $(subst $(B)/,,$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS))
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

# The unit tests, a program for each file: with everything in src/http and src/hits, against glibc.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_OBJECTS := $(patsubst $(B)/obj/%,$(B)/unit/%,$(HTTP) $(HITS))

.PHONY: unit
unit: $(UNIT_TESTS)

$(UNIT_TESTS): $(B)/unit/%: tests/unit/%.c $(UNIT_OBJECTS)
	@echo 'link $@'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(UNIT_OBJECTS) -lcmocka

$(UNIT_OBJECTS): $(B)/unit/%.o: src/%.c $(B)/obj/compiler
	@mkdir -p $(@D)
	@echo 'compile $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(HANDLER:.o=.d) $(HTTP:.o=.d) $(HITS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)

# What is missing on a fresh Debian is installed before a make of its own looks at the machine again.
MAKE_AGAIN = @$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: needs run precompress
needs:
	@packaging/need build run

PORT := 8080
ROOT := www
run: needs
	$(MAKE_AGAIN) all
	@packaging/run '$(B)' '$(PORT)' '$(subst ','\'',$(ROOT))'

precompress:
	@packaging/need precompress
	@packaging/precompress '$(subst ','\'',$(ROOT))'

# `make check` is what needs neither root nor network, and installs nothing; bats tests that do carry
# a tag that says so. `make test` is all there is, as root, and again with sanitizers what runs the
# handler: not what is tagged `once`.
BATS := $(wildcard tests/bats/*.bats)
SYSTEM := $(wildcard tests/system/*.bats)
SANITIZED := $(B)/sanitize

.PHONY: check test
check: all
	@command -v bats >/dev/null || { echo 'make: bats is missing: `packaging/need test`' >&2; exit 1; }
	$(MAKE_AGAIN) unit
	@tests/run MAYFLY='$(abspath $(B)/mayfly)' FILTER_TAGS='!root,!network' $(UNIT_TESTS) $(BATS)

test:
	@packaging/need build run test
	$(MAKE_AGAIN) all unit
	$(MAKE_AGAIN) all unit SANITIZE=1 B='$(SANITIZED)'
	@$(if $(filter 0,$(shell id -u)),,sudo) tests/run CI='$(CI)' B='$(B)' tests/lint \
		MAYFLY='$(abspath $(B)/mayfly)' MAYFLY_BUILD='$(abspath $(B))' \
		$(UNIT_TESTS) $(BATS) $(SYSTEM) \
		FILTER_TAGS='!once' MAYFLY='$(abspath $(SANITIZED)/mayfly)' MAYFLY_BUILD='$(abspath $(SANITIZED))' \
		$(UNIT_TESTS:$(B)/%=$(SANITIZED)/%) $(BATS) $(SYSTEM)

# Installing. DESTDIR and prefix as everywhere; systemd's directories are asked of pkg-config, and
# are those that every systemd reads where pkg-config knows none. `make STRIP=` keeps the symbols.
prefix ?= /usr/local
STRIP ?= -s
systemd_directory = $(or $(shell pkg-config --variable=$(1) systemd 2>/dev/null),$(2))
systemdsystemunitdir ?= $(call systemd_directory,systemdsystemunitdir,/usr/lib/systemd/system)
sysusersdir ?= $(call systemd_directory,sysusersdir,/usr/lib/sysusers.d)
tmpfilesdir ?= $(call systemd_directory,tmpfilesdir,/usr/lib/tmpfiles.d)
systemdversion ?= $(or $(shell pkg-config --modversion systemd 2>/dev/null),$(word 2,$(shell systemctl --version)))

UNITS := $(wildcard units/*.socket units/*.service units/*.slice)
MAN_PAGES := $(wildcard packaging/man/*.[1-8])
INETD := $(wildcard packaging/inetd/*)
man_page = share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

SOCKET_DROP_IN = $(systemdsystemunitdir)/mayfly.socket.d/poll-limit.conf

# Where each text goes, as source:destination. They say /usr/local where the prefix belongs.
TEXTS = $(foreach f,$(UNITS),$(f):$(systemdsystemunitdir)/$(notdir $(f))) \
	units/mayfly.sysusers:$(sysusersdir)/mayfly.conf \
	units/mayfly.tmpfiles:$(tmpfilesdir)/mayfly.conf \
	units/hardened.conf:$(prefix)/share/mayfly/hardened.conf \
	$(if $(shell test '$(systemdversion)' -ge 255 2>/dev/null && echo newer),units/poll-limit.conf:$(SOCKET_DROP_IN)) \
	$(foreach f,$(MAN_PAGES),$(f):$(prefix)/$(call man_page,$(f))) \
	$(foreach f,$(INETD),$(f):$(prefix)/share/doc/mayfly/inetd/$(notdir $(f)))

.PHONY: install uninstall
install: all
	umask 022 && install -D $(STRIP) -m 755 '$(B)/mayfly' '$(DESTDIR)$(prefix)/sbin/mayfly'
	@umask 022; set -e; for text in $(TEXTS); do \
		destination="$(DESTDIR)$${text#*:}"; \
		echo "install $$destination"; \
		install -d "$${destination%/*}"; \
		sed 's|/usr/local|$(prefix)|g' "$${text%%:*}" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; cd www && find . -type f -exec install -D -m 644 '{}' '$(DESTDIR)$(prefix)/share/mayfly/www/{}' ';'
ifndef DESTDIR
	@! command -v systemd-sysusers >/dev/null || systemd-sysusers $(sysusersdir)/mayfly.conf
	@! command -v systemd-tmpfiles >/dev/null || systemd-tmpfiles --create $(tmpfilesdir)/mayfly.conf
	@test ! -d /run/systemd/system || systemctl daemon-reload
endif

# All but the owner's: the site, the counts, the user they belong to, and what stands in /etc.
uninstall:
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl disable --now mayfly.socket || true
	@test ! -d /run/systemd/system || systemctl stop mayfly.slice || true
endif
	rm -f '$(DESTDIR)$(prefix)/sbin/mayfly' $(foreach text,$(TEXTS),'$(DESTDIR)$(lastword $(subst :, ,$(text)))')
	rm -rf '$(DESTDIR)$(prefix)/share/mayfly' '$(DESTDIR)$(prefix)/share/doc/mayfly' \
		'$(DESTDIR)$(dir $(SOCKET_DROP_IN))'
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl daemon-reload
endif

.PHONY: clean
clean:
	rm -rf build
