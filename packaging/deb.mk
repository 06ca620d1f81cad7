# `make deb`: the Debian package. The Makefile includes this file.
#
# Unpacks the tarball of `make dist` and copies packaging/debian to where dpkg-buildpackage looks for it. ARCH=arm64
# builds for another processor, whose libraries must be installed. Such a package is not tested, nor is one built
# with DEB_BUILD_OPTIONS=nocheck; the build profile `nocheck` then drops the packages that only the tests need.
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
