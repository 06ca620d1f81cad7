#!/bin/sh
# Mayfly under tcpserver (ucspi-tcp), as root: tcpserver becomes the user mayfly. -c: connections at
# once; -H and -R: no names are looked up, and nobody is asked who they are.
exec tcpserver -c 256 -H -R -l 0 -u "$(id -u mayfly)" -g "$(id -g mayfly)" 0 8080 \
	/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hits --log stderr
