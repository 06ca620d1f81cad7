# `make install` and `make uninstall`. The Makefile includes this file.
#
# DESTDIR and prefix mean what they mean in any Makefile. pkg-config names the directories of systemd's files; if it
# knows none, the files go where every systemd reads them. `make install STRIP=` keeps the symbols.
prefix ?= /usr/local
STRIP ?= -s
systemd_directory = $(or $(shell pkg-config --variable=$(1) systemd 2>/dev/null),$(2))
# $(call once,NAME,VALUE) expands VALUE when NAME is used for the first time, and keeps the result.
once = $(eval $(1) := $(2))$($(1))
systemdsystemunitdir ?= $(call once,systemdsystemunitdir,$(call systemd_directory,systemdsystemunitdir,/usr/lib/systemd/system))
sysusersdir ?= $(call once,sysusersdir,$(call systemd_directory,sysusersdir,/usr/lib/sysusers.d))
tmpfilesdir ?= $(call once,tmpfilesdir,$(call systemd_directory,tmpfilesdir,/usr/lib/tmpfiles.d))
systemdversion ?= $(or $(shell pkg-config --modversion systemd 2>/dev/null),$(word 2,$(shell systemctl --version)))

UNITS := $(filter-out %.conf %.default %.sysusers %.tmpfiles,$(wildcard units/*))
# The units for systemctl, which takes a pattern for the instances of a template.
INSTANCES = $(patsubst %,'%',$(subst @.,@*.,$(notdir $(UNITS))))
MAN_PAGES := $(wildcard packaging/man/*.[1-8])
INETD := $(wildcard packaging/inetd/*)
FRONT := $(wildcard packaging/front/*)
GUIDES := $(filter-out %/develop.md,$(wildcard packaging/guide/*))
SCRIPTS := packaging/precompress packaging/https
PROMETHEUS := packaging/prometheus/mayfly.rules.yml
# Debian's zsh reads functions of packages and those of the administrator in different directories.
ZSH_FUNCTIONS = $(if $(filter /usr,$(prefix)),vendor-completions,site-functions)
man_page = share/man/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

# Directories of drop-ins, which change sockets and the units of further sites (mayfly-site-NAME).
DROP_INS = $(addprefix $(systemdsystemunitdir)/,$(addsuffix .d,mayfly.socket mayfly-http.socket mayfly-https.socket \
	mayfly-site-.socket mayfly-site-@.service))
POLL_LIMITED = $(filter %.socket.d,$(DROP_INS))

# Each text and where it is installed, as SOURCE:DESTINATION. In the sources /usr/local stands for the prefix.
TEXTS = $(foreach f,$(UNITS),$(f):$(systemdsystemunitdir)/$(notdir $(f))) \
	units/mayfly.sysusers:$(sysusersdir)/mayfly.conf \
	units/mayfly.tmpfiles:$(tmpfilesdir)/mayfly.conf \
	units/hardened.conf:$(prefix)/share/mayfly/hardened.conf \
	units/mayfly.default:$(prefix)/share/mayfly/mayfly.default \
	$(if $(shell test '$(systemdversion)' -ge 255 2>/dev/null && echo newer),$(POLL_LIMITED:%=units/poll-limit.conf:%/poll-limit.conf)) \
	$(foreach f,$(MAN_PAGES),$(f):$(prefix)/$(call man_page,$(f))) \
	packaging/completions/mayflyctl:$(prefix)/share/bash-completion/completions/mayflyctl \
	packaging/completions/_mayflyctl:$(prefix)/share/zsh/$(ZSH_FUNCTIONS)/_mayflyctl \
	packaging/completions/mayflyctl.fish:$(prefix)/share/fish/vendor_completions.d/mayflyctl.fish \
	$(foreach f,$(INETD),$(f):$(prefix)/share/doc/mayfly/inetd/$(notdir $(f))) \
	$(foreach f,$(FRONT),$(f):$(prefix)/share/doc/mayfly/front/$(notdir $(f))) \
	$(foreach f,$(GUIDES),$(f):$(prefix)/share/doc/mayfly/guide/$(notdir $(f))) \
	$(foreach f,$(PROMETHEUS),$(f):$(prefix)/share/doc/mayfly/prometheus/$(notdir $(f)))

# The guides and the pages about front ends are read in the source too. Their paths are those of the package, with a
# remark about `make install`; an installed page has those of the installation. Pictures are not installed.
OF_GUIDES := /^!\[/d; s/ \(without the package[^)]*\)//; s@/usr/(sbin|share|share/doc)/mayfly@/usr/local/\1/mayfly@g

# Settings of mayfly.socket and mayfly@.service that each further site sets itself.
OF_EACH_SITE := Description|RequiresMountsFor|AssertPathIsDirectory|ListenStream|ExecStart

# The units of a timer that each further site has instances of (mayfly-report@NAME.timer), made of those of the first.
# That of the history creates root's directory in the site's, which needs CAP_DAC_OVERRIDE; for the first site,
# systemd-tmpfiles creates it.
TIMERS_OF_SITES = $(foreach f,history metrics report,$(foreach kind,service timer,mayfly-$(f)@.$(kind)))
OF_A_SITE := /^\#/d; s@^ReadWritePaths=-/var/lib/mayfly/history$$@ReadWritePaths=/var/lib/mayfly-%i\nCapabilityBoundingSet=CAP_DAC_OVERRIDE@; \
	s@^Description=Mayfly, a web server:@Description=Mayfly, site %i:@; s@ --site mayfly@@; \
	s@ --hits /var/lib/mayfly/@ --site %i&@; s@/var/lib/mayfly/@/var/lib/mayfly-%i/@g; s@(/mayfly)[.]prom@\1-%i.prom@; \
	s@^((User|Group)=mayfly|StateDirectory=mayfly-report|ReadOnlyPaths=-/var/lib/mayfly)$$@\1-%i@; \
	s@/mayfly-report/@/mayfly-report-%i/@

# Where each program of the build directory is installed.
PROGRAMS = $(prefix)/sbin/mayfly $(prefix)/sbin/mayfly-accept $(prefix)/bin/mayflyctl $(prefix)/libexec/mayfly-handshake

# Root and systemd run what is installed. If a directory above it belonged to another user, that user could replace
# it, or could make `make install` write to another file.
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

# Each program is renamed into place, so that systemd finds the old or the new one at any moment.
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
		test -d "$${destination%/*}" || install -d "$${destination%/*}"; \
		case "$$text" in packaging/guide/*|packaging/front/*.md:*) rewrite='$(OF_GUIDES)';; *) rewrite=;; esac; \
		sed -E -e "$$rewrite" -e 's|/usr/local|$(prefix)|g; s|^\.Os$$|.Os Mayfly $(VERSION)|' "$${text%%:*}" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; set -e; for unit in .socket @.service; do \
		destination="$(DESTDIR)$(systemdsystemunitdir)/mayfly-site-$$unit.d/mayfly.conf"; \
		echo "install $$destination"; \
		test -d "$${destination%/*}" || install -d "$${destination%/*}"; \
		sed -E -e "1i # The settings of mayfly$$unit, except for those that each site has of its own (mayfly.socket(5))." \
			-e '/^#/d; /^\[Install\]/,$$d; /^($(OF_EACH_SITE))=/d' "units/mayfly$$unit" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; set -e; for unit in $(TIMERS_OF_SITES); do \
		destination="$(DESTDIR)$(systemdsystemunitdir)/$$unit"; \
		echo "install $$destination"; \
		sed -E -e "1i # $${unit%@*}.$${unit#*.} for the site %i, as mayfly.socket(5) describes sites." \
			-e '$(OF_A_SITE); s|/usr/local|$(prefix)|g' "units/$${unit%@*}.$${unit#*.}" > "$$destination"; \
		chmod 644 "$$destination"; \
	done
	@umask 022; install -m 755 $(SCRIPTS) '$(DESTDIR)$(prefix)/share/mayfly'
	@umask 022; find www -type f -exec install -D -m 644 '{}' '$(DESTDIR)$(prefix)/share/mayfly/{}' ';'
ifndef DESTDIR
	@test -e /etc/default/mayfly || test -L /etc/default/mayfly || \
		install -D -m 644 '$(prefix)/share/mayfly/mayfly.default' /etc/default/mayfly
	@! command -v systemd-sysusers >/dev/null || systemd-sysusers $(sysusersdir)/mayfly.conf
	@! command -v systemd-tmpfiles >/dev/null || systemd-tmpfiles --create $(tmpfilesdir)/mayfly.conf
	@test ! -d /run/systemd/system || systemctl daemon-reload
	@echo 'Installed. To serve the site and to record the hits of each day, type:'
	@echo '    systemctl enable --now mayfly.socket mayfly-history.timer'
endif

# Keeps what belongs to the site's owner: the site, the counts, the user mayfly and all files in /etc, except for the file
# of options if it is as installed.
uninstall:
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl disable --now $(notdir $(shell grep -l '^\[Install\]' $(UNITS))) || true
	@test ! -d /run/systemd/system || systemctl disable $(filter %.timer,$(TIMERS_OF_SITES)) 2>/dev/null || true
	@test ! -d /run/systemd/system || systemctl stop 'mayfly-site-*.socket' $(patsubst %,'%',$(subst @.,@*.,$(TIMERS_OF_SITES))) $(INSTANCES) || true
	@test ! -d /run/systemd/system || systemctl reset-failed $(INSTANCES) 2>/dev/null || true
	rm -f $(patsubst %,/var/lib/systemd/timers/stamp-%,$(filter %.timer,$(notdir $(UNITS))))
	@! cmp -s '$(prefix)/share/mayfly/mayfly.default' /etc/default/mayfly || rm -f /etc/default/mayfly
endif
	rm -f $(PROGRAMS:%='$(DESTDIR)%') \
		$(foreach text,$(TEXTS),'$(DESTDIR)$(lastword $(subst :, ,$(text)))') \
		$(TIMERS_OF_SITES:%='$(DESTDIR)$(systemdsystemunitdir)/%')
	rm -rf '$(DESTDIR)$(prefix)/share/mayfly' '$(DESTDIR)$(prefix)/share/doc/mayfly' \
		$(DROP_INS:%='$(DESTDIR)%')
ifndef DESTDIR
	@test ! -d /run/systemd/system || systemctl daemon-reload
endif
