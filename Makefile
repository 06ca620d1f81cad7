# Mayfly's build. `make run` serves www/ at once; README.md says the rest.
#
# The handler is a static PIE against musl, because a process that lives for one connection is mostly
# its own start-up. `make CC=gcc` links it against the machine's own libc instead.

VERSION := 0.1
B ?= build

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wsign-conversion -Wvla -Wformat=2 -Wundef -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection -fno-plt
ALL_CPPFLAGS := -D_GNU_SOURCE -DMAYFLY_VERSION='"$(VERSION)"' -Isrc -I$(B)/generated $(CPPFLAGS)
ALL_CFLAGS := -std=c11 $(WARNINGS) $(HARDENING) -ffunction-sections -fdata-sections $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections,--build-id $(LDFLAGS)

ifdef SANITIZE
B := build/sanitize
CC := gcc
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined -static-libasan -static-libubsan
endif

ifeq ($(origin CC),default)
CC := gcc
MUSL := $(patsubst %-gnu,/usr/lib/%-musl,$(shell $(CC) -print-multiarch))
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
	$(HANDLER_CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/obj/%.o: src/%.c $(B)/obj/compiler $(TOOLCHAIN)
	@mkdir -p $(@D)
	$(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What compiled the objects: another compiler or other flags make them anew.
COMPILER := $(HANDLER_CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS)
$(B)/obj/compiler: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(COMPILER))' | cmp -s - $@ || echo '$(subst ','\'',$(COMPILER))' > $@
.PHONY: FORCE

# Debian's musl-gcc makes a dynamic binary when it is asked for a static PIE: its specs know only of
# Scrt1.o and always name a dynamic linker. musl's headers leave Linux's own to be found beside them.
$(B)/musl/static-pie.specs: Makefile
	@test -e $(MUSL)/musl-gcc.specs || { echo 'make: musl is missing: `make needs`, or `make CC=gcc`' >&2; exit 1; }
	@mkdir -p $(@D)/include
	ln -sfn /usr/include/linux $(@D)/include/linux
	ln -sfn /usr/include/asm-generic $(@D)/include/asm-generic
	ln -sfn /usr/include/$(shell $(CC) -print-multiarch)/asm $(@D)/include/asm
	sed -e "s|^%{!shared: $(MUSL)/Scrt1.o}|%{static-pie:$(MUSL)/rcrt1.o;!shared:$(MUSL)/Scrt1.o}|" \
		-e 's|^-dynamic-linker [^ ]* -nostdlib|%{static-pie:-static -pie --no-dynamic-linker -z text} -nostdlib|' \
		$(MUSL)/musl-gcc.specs > $@

-include $(HANDLER:.o=.d) $(HTTP:.o=.d) $(HITS:.o=.d)

.PHONY: clean
clean:
	rm -rf build
