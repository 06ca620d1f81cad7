#!/bin/sh
# Mayfly under tcpserver (ucspi-tcp): run it as root, or let a supervisor do so, as
# /etc/service/mayfly/run; tcpserver becomes the user mayfly. How to make that user and the folders
# without systemd stands in inetd.conf.
#
# -c, -b: connections at once (by default 40), and in the queue (20). -H, -R: no names are looked up, and
# nobody is asked who they are; without these a connection may wait for half a minute. -l: nor is our own
# name looked up. 0 is all of this machine's IPv4 addresses: tcpserver has no IPv6.
#
# The log goes to tcpserver's standard error: unlike under inetd, that is not the client.
exec tcpserver -c 256 -b 128 -H -R -l 0 -u "$(id -u mayfly)" -g "$(id -g mayfly)" 0 8080 \
	/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hits --log stderr
