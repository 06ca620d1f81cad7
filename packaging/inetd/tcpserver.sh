#!/bin/sh
# Mayfly under tcpserver (ucspi-tcp): run this script as root, or let a supervisor run it as
# /etc/service/mayfly/run. tcpserver changes to the user mayfly. inetd.conf describes how to create that
# user and the directories without systemd.
#
# -c, -b: concurrent connections (default 40) and the length of the queue (20). -H, -R: look up neither
# the client's name nor its user (ident); with these look-ups a connection may wait for half a minute.
# -l: do not look up the local name either. 0: all IPv4 addresses of this machine; tcpserver has no IPv6.
#
# The log goes to tcpserver's standard error, which is not the client here, unlike under inetd.
exec tcpserver -c 256 -b 128 -H -R -l 0 -u "$(id -u mayfly)" -g "$(id -g mayfly)" 0 8080 \
	/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hits --log stderr
