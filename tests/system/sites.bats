# A second site with its own user, configured by the files in mayfly.socket(5); and a site from before sites
# had users, which is migrated.
# bats file_tags=once
load container

setup_file() {
	build_tools hits_dump
	start_site
	inside mkdir /srv/blog /srv/old
	echo 'The blog.' | write /srv/blog/index.html
	echo 'The old site.' | write /srv/old/index.html
	inside sh -c "$(shown_commands useradd)"
	shown '\.socket' | write /etc/systemd/system/mayfly-site-blog.socket
	shown '@\.service' | write /etc/systemd/system/mayfly-site-blog@.service
	shown '@\.service\.d/user\.conf' | write /etc/systemd/system/mayfly-site-blog@.service.d/user.conf
	printf '%s\n' '[Unit]' AssertPathIsDirectory=/srv/old '[Socket]' ListenStream=8082 |
		write /etc/systemd/system/mayfly-site-old.socket
	printf '%s\n' '[Service]' 'ExecStart=/usr/local/sbin/mayfly --root /srv/old --hits /var/lib/mayfly/old --log journal' |
		write /etc/systemd/system/mayfly-site-old@.service
	inside systemctl enable --quiet --now mayfly-site-blog.socket
	inside systemctl start mayfly-site-old.socket
}

# shown FILE: prints the example for this file of the site in the manual.
shown() {
	sed -n "\\|^\.Pa /etc/systemd/system/mayfly-site-blog$1 :\$|,/^\.Ed/p" \
		"$repository/packaging/man/mayfly.socket.5" | grep -v '^\.' | sed 's/\\e$/\\/'
}

# shown_commands WORD: prints the example of the manual whose first line begins with these words.
shown_commands() {
	sed -n "/^$1 /,/^\.Ed/p" "$repository/packaging/man/mayfly.socket.5" | grep -v '^\.'
}

# ask_site PORT [PATH]: requests a page from the site on this port.
ask_site() {
	nearby curl -sS --max-time "$patience" "http://127.0.0.1:$1/${2-}"
}

# site_counts FILE: prints the counts in this counter file of the machine.
site_counts() {
	count_in "/proc/$MACHINE/root$1"
	counts
}

# in_guide FILE: prints the example for this file of the site in configure.md.
in_guide() {
	awk -v name="mayfly-site-blog$1\`" 'found && /^    / { print substr($0, 5); shown = 1 }
		shown && /^[^ ]/ { exit }
		index($0, name) { found = 1 }' "$repository/packaging/guide/configure.md"
}

@test "configure.md shows the same user and files" {
	equal "$(in_guide .socket)" "$(shown '\.socket' | grep .)"
	equal "$(in_guide @.service)" "$(shown '@\.service' | sed -z 's/ \\\n */ /g; s|/usr/local/|/usr/|')"
	equal "$(in_guide @.service.d/user.conf)" "$(shown '@\.service\.d/user\.conf')"
	contains "$(<"$repository/packaging/guide/configure.md")" "    sudo $(shown_commands useradd)"
}

@test "all sites are served, each with its own counts" {
	equal "$(ask_site 8081)" 'The blog.'
	equal "$(ask_site 8082)" 'The old site.'
	visit / | cmp - "$repository/www/index.html"
	equal "$(machine_counts)" $'1\t/index.html'
	equal "$(site_counts /var/lib/mayfly-blog/hits)" $'1\t/index.html'
	equal "$(site_counts /var/lib/mayfly/old)" $'1\t/index.html'
}

@test "further sites have the limits of the first; the new one has its own user" {
	local property site
	for site in blog old; do
		for property in MaxConnections MaxConnectionsPerSource Backlog NoDelay DeferAcceptUSec TriggerLimitBurst Accept BindIPv6Only; do
			equal "$(inside systemctl show --property="$property" "mayfly-site-$site.socket")" \
				"$(inside systemctl show --property="$property" mayfly.socket)"
		done
		for property in Slice NoNewPrivileges CapabilityBoundingSet TasksMax CollectMode RuntimeMaxUSec UMask; do
			equal "$(inside systemctl show --property="$property" "mayfly-site-$site@1.service")" \
				"$(inside systemctl show --property="$property" mayfly@1.service)"
		done
	done
	equal "$(inside systemctl show --property=User --value mayfly-site-blog@1.service)" mayfly-blog
	equal "$(inside systemctl show --property=User --value mayfly-site-old@1.service)" mayfly
}

# as_user USER COMMAND...: runs the command in the machine without root's capabilities.
as_user() {
	inside setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}

@test "the user of a site can neither read nor empty another site's counts" {
	ask_site 8081
	visit /
	equal "$(inside stat -c '%U %G %a' /var/lib/mayfly-blog /var/lib/mayfly-blog/hits)" \
		$'mayfly-blog mayfly-blog 750\nmayfly-blog mayfly-blog 640'
	local user file
	while read -r user file; do
		as_user "$user" test -e /srv/blog/index.html
		refute as_user "$user" cat "$file"
		refute as_user "$user" truncate --size 0 "$file"
	done <<-'END'
		mayfly-blog /var/lib/mayfly/hits
		mayfly-blog /var/lib/mayfly/old
		mayfly /var/lib/mayfly-blog/hits
	END
	as_user mayfly-blog test -w /var/lib/mayfly-blog/hits
}

@test "mayflyctl shows the log and the counts of the site" {
	ask_site 8081 only-here >/dev/null
	inside journalctl --quiet --sync
	contains "$(inside /usr/local/bin/mayflyctl log)" '/only-here | 127.0.0.1 | '
	contains "$(inside /usr/local/bin/mayflyctl hits --hits /var/lib/mayfly-blog/hits)" /index.html
}

@test "systemd reports no problem with the units of the site" {
	run inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-site-blog.socket mayfly-site-blog@1.service
	equal "$output" ''
	equal "$(journal --boot | grep -E 'systemd(-[a-z]+)?\[.*/mayfly[^ ]*\.[a-z]+:[0-9]+: ')" ''
}

@test "without its directory the second site does not start, and the first is not affected" {
	inside systemctl stop mayfly-site-blog.socket
	inside mv /srv/blog /srv/away
	refute inside systemctl start mayfly-site-blog.socket
	visit / | cmp - "$repository/www/index.html"
}

@test "the commands of the manual give an old site its own user and keep its counts" {
	local before
	ask_site 8082
	before=$(site_counts /var/lib/mayfly/old)
	inside sh -c "$(shown_commands useradd | sed s/blog/old/)"
	shown '@\.service\.d/user\.conf' | sed s/blog/old/ | write /etc/systemd/system/mayfly-site-old@.service.d/user.conf
	inside sed -i 's|/var/lib/mayfly/old|/var/lib/mayfly-old/hits|' /etc/systemd/system/mayfly-site-old@.service
	shown_commands 'systemctl stop mayfly-site-blog.socket' | sed 's/blog/old/g' >commands
	(($(wc -l <commands) == 5))
	inside sh -ec "$(<commands)"
	equal "$(ask_site 8082)" 'The old site.'
	equal "$(site_counts /var/lib/mayfly-old/hits)" "$(awk '{ print $1 + 1 "\t" $2 }' <<<"$before")"
	equal "$(inside stat -c %U /var/lib/mayfly-old/hits)" mayfly-old
}
