# `make dist`: the source as a tarball, identical wherever it is made. The Makefile includes this file.
#
# It holds the files that git knows, or if there is no repository, all files except for the build directory.
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
