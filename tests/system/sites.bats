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

# ctl ARGUMENT...: runs mayflyctl in the machine, as root.
ctl() {
	inside /usr/local/bin/mayflyctl "$@"
}

# Waits until the handlers of all sites have exited and are in the journal.
sites_are_logged() {
	# shellcheck disable=SC2317 # called by wait_until
	no_handler_runs() { [[ -z $(inside systemctl list-units --plain --no-legend 'mayfly@*' 'mayfly-site-*@*') ]]; }
	wait_until no_handler_runs
	inside journalctl --quiet --sync
}

@test "sites lists all sites with socket, root directory, user and hits" {
	ask_site 8081
	contains "$(ctl sites --format tsv)" $'\nblog\tactive\t[::]:8081\t/srv/blog\tmayfly-blog\t'
	equal "$(ctl sites --json | jq -r '.[] | [.site, .socket, .state, .listen, .root, .user, .hits_file] | join(" ")')" \
		'mayfly mayfly.socket active [::]:8080 /srv/mayfly mayfly /var/lib/mayfly/hits
blog mayfly-site-blog.socket active [::]:8081 /srv/blog mayfly-blog /var/lib/mayfly-blog/hits
old mayfly-site-old.socket active [::]:8082 /srv/old mayfly /var/lib/mayfly/old'
	equal "$(ctl sites --json | jq -r '.[] | select(.site == "blog").hits')" \
		"$(site_counts /var/lib/mayfly-blog/hits | cut -f 1)"
	ctl sites >table
	equal "$(sed 's/ .*//' table | paste -sd ' ')" 'SITE mayfly blog old'
	equal "$(ctl sites --format tsv | cut -f 1 | paste -sd ' ')" 'site mayfly blog old'
	equal "$(as_user mayfly-blog /usr/local/bin/mayflyctl sites --format tsv | cut -f 1,6 | paste -sd ' ')" \
		"$(printf 'site\thits mayfly\t? blog\t%s old\t?' "$(site_counts /var/lib/mayfly-blog/hits | cut -f 1)")"
}

@test "hits: one list for each site, or that of --site" {
	visit / >/dev/null
	ask_site 8081
	ask_site 8082
	equal "$(ctl hits --format tsv | cut -f 2,3)" $'path\tsite\n/index.html\tmayfly\n/index.html\tblog\n/index.html\told'
	equal "$(ctl hits | cut -f 3,4)" $'/index.html\tmayfly\n/index.html\tblog\n/index.html\told'
	equal "$(ctl hits --site blog --format tsv)" "$(printf 'hits\tpath\n'; site_counts /var/lib/mayfly-blog/hits)"
	equal "$(ctl hits --json | jq -r '.sites[] | .site + " " + .file')" \
		$'mayfly /var/lib/mayfly/hits\nblog /var/lib/mayfly-blog/hits\nold /var/lib/mayfly/old'
	equal "$(ctl hits --site old --json | jq -r '.site + " " + .file')" 'old /var/lib/mayfly/old'
	ctl hits --format openmetrics --output /root/hits.prom
	equal "$(inside sed 's/ [0-9]*$//' /root/hits.prom)" '# HELP mayfly_hits_total Hits of a resource.
mayfly_hits_total{site="mayfly",path="/index.html"}
mayfly_hits_total{site="blog",path="/index.html"}
mayfly_hits_total{site="old",path="/index.html"}
# EOF'
	equal "$(ctl hits export --site blog - | grep index)" "$(site_counts /var/lib/mayfly-blog/hits)"
	run -1 ctl hits --site nothing
	equal "$output" 'mayflyctl: no site nothing; "mayflyctl sites" lists the sites'
}

@test "a damaged counter file fails hits, and the other sites are shown" {
	ask_site 8081
	inside sh -c 'cp -p /var/lib/mayfly-blog/hits /root && echo damage >/var/lib/mayfly-blog/hits'
	run -1 --separate-stderr ctl hits --format tsv
	contains "$stderr" 'mayflyctl: /var/lib/mayfly-blog/hits: not a counter file'
	equal "$(cut -f 3 <<<"$output" | paste -sd ' ')" 'site mayfly old'
	inside rm -f /root/all.tsv
	run -1 ctl hits --format tsv --output /root/all.tsv
	refute inside test -e /root/all.tsv
	inside cp -p /root/hits /var/lib/mayfly-blog/hits
}

@test "log names the site of each entry, and --site selects it" {
	local site
	ask_site 8080 of-mayfly >/dev/null
	ask_site 8081 of-blog >/dev/null
	ask_site 8082 of-old >/dev/null
	sites_are_logged
	contains "$(ctl log)" ' [blog] /of-blog | 127.0.0.1 | '
	equal "$(ctl log --site blog --json | jq -r 'select(.target == "/of-blog").site')" blog
	equal "$(ctl log --site blog --path '/of-*' | sed -E 's/^[^ ]* [^ ]* ([^ ]*) .*/\1/')" /of-blog
	# Two sites share a user: then the unit, which journald may not know, distinguishes them.
	for site in mayfly old; do
		contains "$(ctl log --json)" '"target":"/of-'$site'"'
		[[ $(ctl log --json | jq -r 'select(.target == "/of-'$site'").site') == @($site|null) ]]
		refute grep /of-blog <(ctl log --site "$site")
	done
	run -1 ctl log --site nothing
	contains "$output" 'no such site on this machine'
}

@test "a handler that was taken over cannot log entries of another site" {
	as_user mayfly-blog logger --journald <<-'END'
		MESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf
		MESSAGE=/forged | 192.0.2.1 | 1 | 1
		HTTP_TARGET=/forged
		HTTP_STATUS=200
		SYSLOG_IDENTIFIER=mayfly
		_SYSTEMD_UNIT=mayfly@1.service
	END
	sites_are_logged
	equal "$(ctl log --json | jq -r 'select(.target == "/forged").site')" blog
	refute grep forged <(ctl log --site mayfly)
}

@test "status shows each site, or that of --site" {
	equal "$(ctl status | grep '^Site ' | awk '{ print $2 }' | paste -sd ' ')" 'mayfly blog old'
	equal "$(ctl status --site blog | grep -E '^(Root|Counter|Site)' | cut -d : -f 1)" $'Root directory /srv/blog\nCounter file   /var/lib/mayfly-blog/hits'
	equal "$(ctl status --json | jq -r '.site, .root.path, (.sites[] | .site + " " + .socket.Id)')" \
		$'mayfly\n/srv/mayfly\nmayfly mayfly.socket\nblog mayfly-site-blog.socket\nold mayfly-site-old.socket'
	equal "$(ctl status --site old --json | jq -r '.site + " " + .root.path')" 'old /srv/old'
	inside systemctl stop mayfly-site-blog.socket
	run -1 ctl status --site blog
	run -1 ctl status # enabled, but not active
	inside systemctl disable --quiet mayfly-site-blog.socket
	ctl status >/dev/null
	inside systemctl enable --quiet --now mayfly-site-blog.socket
}

@test "report is about all sites, or that of --site" {
	ask_site 8081 missing-there >/dev/null
	sites_are_logged
	equal "$(ctl report --json | jq -r '.hits.top[] | .site + .path' | sort)" 'blog/index.html
mayfly/index.html
old/index.html'
	equal "$(ctl report --json | jq -r '.requests.missing[] | select(.target == "/missing-there").site')" blog
	contains "$(ctl report)" '<td>blog/missing-there</td>'
	equal "$(ctl report --site blog --json | jq -r '.site, .hits.file')" $'blog\n/var/lib/mayfly-blog/hits'
	refute grep of-old <(ctl report --site blog --json)
	contains "$(ctl report --site blog)" '<td>/missing-there</td>'
	run -1 ctl report --site nothing
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
