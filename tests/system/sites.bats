# A second site with its own user, configured by the files in mayfly.socket(5); and a site from before sites
# had users, which is migrated.
# bats file_tags=once
load container

setup_file() {
	build_tools hits_dump inject fail_calls
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
	serves_start_page
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
# HELP mayfly_site_hits_total Hits of all resources.
mayfly_site_hits_total{site="mayfly"}
mayfly_site_hits_total{site="blog"}
mayfly_site_hits_total{site="old"}
# HELP mayfly_robot_hits_total Hits of robots, counted apart.
# HELP mayfly_lost_hits Hits of the last 24 hours that could not be counted.
mayfly_lost_hits{site="mayfly"}
mayfly_lost_hits{site="blog"}
mayfly_lost_hits{site="old"}
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
	equal "$(ctl status | head -n 1 | cut -c 1-5)" 'Site ' 'first line'
	refute grep -qx '' <(ctl status --json)
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

@test "check finds the problems of each site, or of that of --site" {
	inside sh -c 'echo x >/srv/blog/secret.html; chmod 600 /srv/blog/secret.html; chmod 700 /srv/old'
	ctl check >all || true
	ctl check --site blog >of_blog || true
	ctl check --site old >of_old || true
	cat all of_blog of_old
	contains "$(<all)" /srv/blog/secret.html
	contains "$(<all)" /srv/old
	contains "$(<of_blog)" /srv/blog/secret.html
	refute grep /srv/old of_blog
	contains "$(<of_old)" /srv/old
	refute grep /srv/blog of_old
	inside sh -c 'rm /srv/blog/secret.html; chmod 755 /srv/old'
	ctl check --site blog
	ctl check --site mayfly
	run -1 ctl check --site nothing
	contains "$output" 'no site nothing'
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

@test "report of all sites has the months, the most read pages and the robots of all" {
	local day site months robots
	day=$(inside date -d yesterday +%F)
	visit / >/dev/null
	ask_site 8081
	inside sh -c 'mkdir -p /var/lib/mayfly-blog/history; cd /var/lib; cp -p mayfly/hits mayfly/robots; cp -p mayfly-blog/hits mayfly-blog/robots'
	printf 'mayfly-hits 1\n5\t/index.html\nend\t1\n' | write "/var/lib/mayfly/history/$day"
	printf 'mayfly-hits 1\n7\t/index.html\n2\t/\nend\t2\n' | write "/var/lib/mayfly-blog/history/$day"
	ctl report --json >all
	for site in mayfly blog; do ctl report --site "$site" --json; done | jq -s . >each
	months='[.hits.months[] | select(.period == "'${day%-*}'").hits] | add'
	robots=$(jq 'map(.hits.robots) | add' each)
	((robots > 1))
	equal "$(jq .hits.robots all)" "$robots"
	(($(jq "$months" all) >= 14))
	equal "$(jq "$months" all)" "$(jq "map($months) | add" each)"
	for site in mayfly blog; do
		jq -c --arg site "$site" '.hits.trends[] | select(.site == $site) | del(.site)' all >of_all
		jq -c --arg site "$site" '.[] | select(.site == $site).hits.trends[]' each | diff - of_all
	done
	equal "$(wc -l <of_all)" 2
	contains "$(jq -c '.hits.trends[] | [.site, .path]' all)" '["mayfly","/index.html"]'
	contains "$(ctl report)" "<td>blog/index.html</td><td class=\"n\">$(jq '.[1].hits.trends[0].hits' each)</td>"
	inside sh -c 'rm -r /var/lib/mayfly-blog/history /var/lib/mayfly*/robots; rm /var/lib/mayfly/history/*'
}

@test "report --site counts entries of --user whose unit is unknown as those of the site" {
	printf '%s\n' MESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf 'MESSAGE=/by-owner | 192.0.2.1 | 1 | 404 Not Found' \
		HTTP_TARGET=/by-owner HTTP_STATUS=404 SYSLOG_IDENTIFIER=mayfly | inside logger --journald
	sites_are_logged
	by_owner() { ctl report --json "$@" | jq -r '.requests.missing[] | select(.target == "/by-owner").requests'; }
	equal "$(by_owner --site blog)" ''
	equal "$(by_owner --site blog --user root)" 1
	equal "$(by_owner --site mayfly --user mayfly-blog)" ''
}

@test "the metrics and the report of a site, by an instance of their timers" {
	local directory=/var/lib/prometheus/node-exporter
	inside mkdir -p "$directory"
	ask_site 8081
	ask_site 8081 of-the-report >/dev/null
	visit / >/dev/null
	ask_site 8080 of-mayfly-only >/dev/null
	sites_are_logged
	inside systemctl enable --quiet --now mayfly-metrics@blog.timer mayfly-report@blog.timer
	inside systemctl start mayfly-metrics@blog.service mayfly-report@blog.service mayfly-metrics.service \
		mayfly-report.service
	equal "$(inside cat "$directory/mayfly-blog.prom" | sed -n 2p)" \
		"mayfly_hits_total{site=\"blog\",path=\"/index.html\"} $(site_counts /var/lib/mayfly-blog/hits | cut -f 1)"
	contains "$(inside cat "$directory/mayfly.prom")" '{site="mayfly",path="/index.html"}'
	contains "$(inside cat "$directory/mayfly.prom")" 'mayfly_lost_hits{site="mayfly"} 0'
	contains "$(inside cat "$directory/mayfly-blog.prom")" 'mayfly_lost_hits{site="blog"} '
	equal "$(inside stat -c '%U %a' "$directory/mayfly-blog.prom" /var/lib/mayfly-report-blog/index.html)" \
		$'root 644\nmayfly-blog 644'
	inside cat /var/lib/mayfly-report-blog/index.html >page
	contains "$(<page)" ', site blog</p>'
	contains "$(<page)" '<td>/of-the-report</td>'
	refute grep -e 'cannot be read' -e of-mayfly page
	inside cat /var/lib/mayfly-report/index.html >page
	contains "$(<page)" ', site mayfly</p>'
	contains "$(<page)" '<td>/of-mayfly-only</td>'
	refute grep -e 'cannot be read' -e of-the-report page
	inside systemctl disable --quiet --now mayfly-metrics@blog.timer mayfly-report@blog.timer
	equal "$(inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-{metrics,report}@blog.{service,timer} 2>&1)" ''
}

@test "the history of a site, by an instance of its timer" {
	ask_site 8081
	inside systemctl enable --quiet --now mayfly-history@blog.timer
	inside systemctl start mayfly-history@blog.service || fail "$(journal -u mayfly-history@blog)"
	contains "$(inside cat /var/lib/mayfly-blog/history/earlier)" /index.html
	equal "$(inside stat -c '%U %G %a' /var/lib/mayfly-blog/history /var/lib/mayfly-blog/history/earlier)" \
		$'root mayfly-blog 750\nroot mayfly-blog 640'
	ask_site 8081
	inside systemctl start mayfly-history@blog.service
	equal "$(inside /usr/local/bin/mayflyctl hits --site blog --by year --json | jq '[.periods[].hits] | add')" \
		"$(site_counts /var/lib/mayfly-blog/hits | awk '{ n += $1 } END { print n }')"
	# The site's user can lead root nowhere.
	inside setpriv --reuid=mayfly-blog --regid=mayfly-blog --clear-groups \
		sh -c 'cd /var/lib/mayfly-blog && mv history moved && ln -s /root history'
	refute inside systemctl start mayfly-history@blog.service
	refute inside test -e /root/earlier
	run ctl check
	equal "$status" 1
	contains "$output" 'mayfly-history@blog.service failed when it last ran: exit-code'
	contains "$(ctl check --site blog || true)" 'mayfly-history@blog.service failed when it last ran: exit-code'
	refute contains "$(ctl check --site mayfly || true)" 'mayfly-history@blog'
	inside sh -c 'cd /var/lib/mayfly-blog && rm history && mv moved history'
	inside systemctl reset-failed mayfly-history@blog.service
	inside systemctl disable --quiet --now mayfly-history@blog.timer
	equal "$(inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-history@blog.{service,timer} 2>&1)" ''
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
	serves_start_page
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

# add_wiki [ARGUMENT...]: adds the site wiki on port 8083.
add_wiki() {
	ctl sites add wiki --listen 8083 --root /srv/wiki "$@"
}

# Makes the directory of the site wiki.
make_wiki() {
	inside mkdir -p /srv/wiki
	echo 'The wiki.' | write /srv/wiki/index.html
}

# files_of_wiki: prints the files of the machine that belong to the site wiki.
files_of_wiki() {
	inside find /etc -name '*mayfly-site-wiki*' -o -name '.*mayfly-site-wiki*' -o -path '*mayfly-site-wiki*/*' | sort
}

# without_mark FILE: prints a file that `sites add` has written, without its first line.
without_mark() {
	inside tail -n +2 "$1"
}

@test "sites add: a new site with its own user and counts, and nothing on a dry run" {
	make_wiki
	add_wiki --dry-run >plan
	equal "$(files_of_wiki)" ''
	refute inside id mayfly-wiki
	add_wiki >steps
	equal "$(grep -v '^    ' plan)" "$(grep -vE '^(Site |Created |Creating )' steps)"
	equal "$(grep -v '^run\|^Creat' steps)" 'write /etc/sysusers.d/mayfly-site-wiki.conf
write /etc/systemd/system/mayfly-site-wiki@.service
write /etc/systemd/system/mayfly-site-wiki@.service.d/user.conf
write /etc/systemd/system/mayfly-site-wiki.socket
Site wiki serves /srv/wiki on 8083.'
	equal "$(ask_site 8083)" 'The wiki.'
	equal "$(site_counts /var/lib/mayfly-wiki/hits)" $'1\t/index.html'
	equal "$(inside stat -c '%U %a' /var/lib/mayfly-wiki)" 'mayfly-wiki 750'
	equal "$(inside stat -c '%U %a' /etc/systemd/system/mayfly-site-wiki.socket)" 'root 644'
	equal "$(inside systemctl is-enabled mayfly-site-wiki.socket)" enabled
	equal "$(ctl sites --json | jq -c '.[] | [.site, .added]' | paste -sd ' ')" \
		'["mayfly",false] ["blog",false] ["old",false] ["wiki",true]'
	equal "$(inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-site-wiki.socket mayfly-site-wiki@1.service 2>&1)" ''
}

@test "sites add writes the settings of the manual" {
	equal "$(without_mark /etc/systemd/system/mayfly-site-wiki.socket | grep . | grep -v Description)" \
		"$(shown '\.socket' | sed 's/blog/wiki/; s/8081/8083/' | grep .)"
	equal "$(without_mark /etc/systemd/system/mayfly-site-wiki@.service | grep -vE '^$|Description|\[Unit\]')" \
		"$(shown '@\.service' | sed -z 's/ \\\n */ /g; s/blog/wiki/g')"
	equal "$(without_mark /etc/systemd/system/mayfly-site-wiki@.service.d/user.conf)" \
		"$(shown '@\.service\.d/user\.conf' | sed 's/blog/wiki/g')"
}

@test "options of a site are in its own file, and those of the first do not apply to it" {
	echo "MAYFLY_OPTIONS=--header 'X-Of: mayfly'" | write /etc/default/mayfly
	refute grep X-Of <(ask_site 8083 '' -i)
	echo "MAYFLY_OPTIONS=--header 'X-Of: wiki'" | write /etc/default/mayfly-wiki
	contains "$(nearby curl -sSi --max-time "$patience" http://127.0.0.1:8083/)" 'X-Of: wiki'
	inside rm /etc/default/mayfly /etc/default/mayfly-wiki
}

@test "sites add once more changes nothing, and other settings are refused" {
	equal "$(add_wiki)" 'Site wiki is there already; nothing to do.'
	run -1 ctl sites add wiki --listen 8084 --root /srv/wiki
	equal "$output" 'mayflyctl: site wiki exists with other settings (/etc/systemd/system/mayfly-site-wiki.socket); first run "mayflyctl sites remove wiki"'
	inside systemctl disable --quiet --now mayfly-site-wiki.socket
	add_wiki | grep -x 'Site wiki serves /srv/wiki on 8083.'
	equal "$(ask_site 8083)" 'The wiki.'
}

@test "sites remove: what add wrote goes; the site, its counts and its user stay" {
	local before
	before=$(site_counts /var/lib/mayfly-wiki/hits)
	contains "$(ctl sites remove wiki --dry-run)" 'remove /etc/systemd/system/mayfly-site-wiki.socket'
	equal "$(files_of_wiki | wc -l)" 6
	ctl sites remove wiki >steps
	contains "$(<steps)" 'The counts in /var/lib/mayfly-wiki are kept.'
	equal "$(files_of_wiki)" ''
	refute ask_site 8083
	equal "$(inside systemctl list-units --all --plain --no-legend '*wiki*')" ''
	equal "$(inside cat /srv/wiki/index.html)" 'The wiki.'
	equal "$(site_counts /var/lib/mayfly-wiki/hits)" "$before"
	inside id mayfly-wiki >/dev/null
	sites_are_logged
	contains "$(ctl log --site wiki)" ' /index.html | 127.0.0.1 | '
	run -1 ctl sites remove wiki
	contains "$output" 'no site wiki'
	add_wiki >/dev/null
	ask_site 8083 >/dev/null
	equal "$(site_counts /var/lib/mayfly-wiki/hits)" "$(awk '{ print $1 + 1 "\t" $2 }' <<<"$before")"
	ctl sites remove wiki --delete-counts >/dev/null
	refute inside test -e /var/lib/mayfly-wiki
}

# killed_at CALL NUMBER ARGUMENT...: runs mayflyctl in the machine and kills it at the NUMBERth of these system calls.
killed_at() {
	run -137 strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		nsenter --target "$MACHINE" --all --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/usr/local/bin/mayflyctl "${@:3}"
}

# bats test_tags=any-debian
@test "sites add and remove, killed at any file, are completed by the same command" {
	local number
	make_wiki
	for number in 1 2 3 4; do
		killed_at renameat "$number" sites add wiki --listen 8083 --root /srv/wiki
		refute inside test -e /etc/systemd/system/mayfly-site-wiki.socket
		add_wiki >/dev/null
		equal "$(ask_site 8083)" 'The wiki.' "after a kill at file $number"
		equal "$(files_of_wiki | wc -l)" 6
		killed_at unlinkat "$((2 * number))" sites remove wiki
		ctl sites remove wiki >/dev/null
		equal "$(files_of_wiki)" '' "after a kill at file $number"
		refute ask_site 8083
	done
}

# with_faults FAULT... -- COMMAND...: runs the command in the machine; these of its system calls fail (tests/tools/inject.c).
# The calls are then in the machine's file /tmp/calls.
with_faults() {
	inside /opt/inject /tmp/calls "$@"
}

# site_contents: prints the files of the site wiki with a checksum of each.
site_contents() {
	inside find /etc -type f '(' -name '*mayfly-site-wiki*' -o -path '*mayfly-site-wiki*/*' ')' -exec md5sum '{}' + | sort
}

# Runs no command of the machine.
# bats test_tags=any-debian
@test "sites add, one of whose system calls fails, writes each file whole or not at all" {
	local call name number object error add expected cases=0
	# No command is run: the process that would run it cannot be created.
	local no_commands=(clone3:1+:ENOSYS clone:1+:EAGAIN vfork:1+:EAGAIN)
	install -m 755 "$tools/inject" "/proc/$MACHINE/root/opt/inject"
	make_wiki
	add=(-- /usr/local/bin/mayflyctl sites add wiki --listen 8083 --root /srv/wiki)
	run -1 with_faults "${no_commands[@]}" "${add[@]}"
	contains "$output" ': Resource temporarily unavailable'
	expected=$(site_contents)
	equal "$(wc -l <<<"$expected")" 4 files
	inside grep -E ' \.?(mayfly-site-wiki|user\.conf)' /tmp/calls >calls
	while read -r name number object _; do
		for error in EIO EINTR short; do
			[[ $error == EIO || $name == @(read|write) ]] || continue
			inside sh -c 'find /etc -name "*mayfly-site-wiki*" -exec rm -rf {} +'
			run -1 with_faults "$name:$number:$error" "${no_commands[@]}" "${add[@]}"
			contains "$output" 'mayflyctl: '
			cases=$((cases + 1))
			if [[ $error == EIO ]]; then
				refute grep -vxFf <(echo "$expected") <(site_contents)
			else
				equal "$(site_contents)" "$expected" "files after $name $number $object $error"
			fi
		done
	done <calls
	((cases > 40)) || fail "$cases cases"
	add_wiki >/dev/null
	equal "$(site_contents)" "$expected"
	ctl sites remove wiki >/dev/null
}

# Replaces numbers in standard input, which differ between two runs; also "?", for a number that is not known.
without_numbers() {
	sed -E 's/[0-9]+|\?/N/g'
}

# bats test_tags=any-debian
@test "if systemd does not answer, commands say so" {
	local name number object error command expected cases=0 status
	install -m 755 "$tools/inject" "/proc/$MACHINE/root/opt/inject"
	for command in sites status 'hits --format tsv' 'hits --site blog --format tsv' 'log -n 1'; do
		# shellcheck disable=SC2086 # words
		with_faults -- /usr/local/bin/mayflyctl $command | without_numbers >expected
		# Those of the bus. (libsystemd does not report a file of the journal that it cannot open.)
		inside grep -E '^(socket|connect|sendmsg|recvmsg|ppoll|getsockopt) ' /tmp/calls | awk 'NR % 5 == 1' >calls
		while read -r name number object _; do
			status=0
			# shellcheck disable=SC2086 # words
			with_faults "$name:$number:EIO" -- /usr/local/bin/mayflyctl $command >out 2>err || status=$?
			cases=$((cases + 1))
			if ((status == 0)) && [[ $command == status ]] && grep -q ': cannot\|  cannot' out; then
				continue
			elif ((status == 0)); then
				diff expected <(without_numbers <out) || fail "$command: $name $number $object" || return
			elif [[ $command != status ]]; then # which shows problems of a site in its output
				grep -q '^mayflyctl: ' err || fail "$command: $name $number $object: $status" || return
			fi
		done <calls
	done
	((cases > 20)) || fail "$cases cases"
	echo "$cases cases"
}

@test "commands ask systemd once for each unit" {
	local command units calls calls_max
	install -m 755 "$tools/inject" "/proc/$MACHINE/root/opt/inject"
	units=$(inside systemctl list-unit-files --no-legend 'mayfly*' | wc -l)
	for command in check status 'sites --format tsv' hits 'log -n 1'; do
		# shellcheck disable=SC2086 # words
		run with_faults -- /usr/local/bin/mayflyctl $command
		calls=$(inside grep -c '^sendmsg ' /tmp/calls)
		# The handshake, the version, and two lists; `check` also asks for each unit.
		calls_max=24
		[[ $command != check ]] || calls_max=$((units + 20))
		((calls > 0 && calls <= calls_max)) || fail "$command: $calls calls, $units units"
		echo "$command: $calls calls, $units units"
	done
}

# refused TEXT ARGUMENT...: sites add must refuse with this text, and write nothing.
refused() {
	run --separate-stderr ctl sites add "${@:2}"
	((status == 1 || status == 100)) || fail "exit status $status"
	contains "$stderr" "$1" || return
	equal "$(files_of_wiki)" ''
}

# bats test_tags=any-debian
@test "no command crashes if a call of a library function fails" {
	inside mkdir -p /srv/new
	fail_each_call_inside sites
	fail_each_call_inside sites --json
	fail_each_call_inside sites add new --root /srv/new --listen 8099 --dry-run
	ctl sites add new --root /srv/new --listen 8099
	fail_each_call_inside sites remove new --dry-run
	ctl sites remove new --delete-counts
	fail_each_call_inside check
	fail_each_call_inside hits
	fail_each_call_inside log --site blog
	fail_each_call_inside report
}

# bats test_tags=any-debian
@test "no command for one site crashes if a call of a library function fails" {
	inside mkdir -p /srv/new
	fail_each_call_inside sites add new --root /srv/new --listen 127.0.0.1:8098 --dry-run
	fail_each_call_inside status --site blog
	fail_each_call_inside hits --site blog --by day
	fail_each_call_inside hits --robots --by-host
	fail_each_call_inside log --format json
	fail_each_call_inside report --site blog --json
}

@test "sites add refuses what would not work, before it writes anything" {
	make_wiki
	refused 'is reserved' report --listen 8083 --root /srv/wiki
	refused 'is reserved' acme --listen 8083 --root /srv/wiki # /var/lib/mayfly-acme is that of mayfly-acme.service
	inside install -d -o games /var/lib/mayfly-theirs
	refused '/var/lib/mayfly-theirs exists and belongs to another user' theirs --listen 8083 --root /srv/wiki
	inside rmdir /var/lib/mayfly-theirs
	refused 'is not a lower-case letter' two-words --listen 8083 --root /srv/wiki
	refused 'requires --listen and --root' wiki --root /srv/wiki
	refused 'No such file or directory' wiki --listen 8083 --root /srv/nothing
	refused 'not a directory' wiki --listen 8083 --root /srv/wiki/index.html
	refused 'not an absolute path' wiki --listen 8083 --root srv/wiki
	refused 'a directory of the system' wiki --listen 8083 --root /etc/
	inside mkdir -p '/srv/a b'
	refused 'a character that units must escape' wiki --listen 8083 --root '/srv/a b'
	refused '"0" is not a port' wiki --listen 0 --root /srv/wiki
	refused '"localhost:8083" is not a port' wiki --listen localhost:8083 --root /srv/wiki
	refused 'mayfly-site-blog.socket has port 8081; choose another port' wiki --listen 8081 --root /srv/wiki
	refused 'mayfly.socket has port 8080' wiki --listen 127.0.0.1:8080 --root /srv/wiki
	refused 'cannot listen on 192.0.2.1:8083: Cannot assign requested address' wiki --listen 192.0.2.1:8083 --root /srv/wiki
	inside systemd-run --quiet --unit=holder --property=Type=exec systemd-socket-activate -l 8083 true
	wait_until nearby grep -q ':1F93 .* 0A ' /proc/net/tcp6
	refused 'port 8083 is taken by systemd-socket-; choose another port' wiki --listen 8083 --root /srv/wiki
	inside systemctl stop holder
	inside useradd --non-unique --uid 0 mayfly-root0
	refused 'user mayfly-root0 is root under another name' root0 --listen 8083 --root /srv/wiki
	inside useradd --no-create-home mayfly-person
	refused 'user mayfly-person is not a system user' person --listen 8083 --root /srv/wiki
	inside userdel mayfly-person
	inside sed -i '/^mayfly-root0:/d' /etc/passwd /etc/shadow
	run -1 as_user mayfly /usr/local/bin/mayflyctl sites add wiki --listen 8083 --root /srv/wiki
	equal "$output" 'mayflyctl: only root can change units; see --dry-run'
}

@test "sites made or changed by hand are not removed" {
	run -1 ctl sites remove blog
	equal "$output" 'mayflyctl: "mayflyctl sites add" has not written /etc/systemd/system/mayfly-site-blog@.service; remove the site by hand'
	make_wiki
	refused 'exists, and "mayflyctl sites add" has not written it' blog --listen 8083 --root /srv/wiki
	inside systemctl cat mayfly-site-blog.socket >/dev/null
	run -100 ctl sites remove mayfly
	add_wiki >/dev/null
	inside sed -i 's/--log journal/--log off/' /etc/systemd/system/mayfly-site-wiki@.service
	run -1 ctl sites remove wiki
	equal "$output" 'mayflyctl: /etc/systemd/system/mayfly-site-wiki@.service was changed since "mayflyctl sites add" wrote it; --changed removes it too'
	equal "$(ask_site 8083)" 'The wiki.'
	echo '# of the owner' | write /etc/systemd/system/mayfly-site-wiki@.service.d/override.conf
	ctl sites remove wiki --changed >/dev/null
	equal "$(files_of_wiki)" '/etc/systemd/system/mayfly-site-wiki@.service.d
/etc/systemd/system/mayfly-site-wiki@.service.d/override.conf'
	inside rm -r /etc/systemd/system/mayfly-site-wiki@.service.d
}

@test "virtual hosts: log shows and selects the host, and hits adds up each host's hits" {
	inside mkdir -p /srv/mayfly/example.org /srv/mayfly/default
	echo 'One host.' | write /srv/mayfly/example.org/index.html
	echo Others. | write /srv/mayfly/default/a.txt
	echo MAYFLY_OPTIONS=--vhosts | write /etc/default/mayfly
	equal "$(visit / -H 'Host: Example.org:8080')" 'One host.'
	visit /index.html -H 'Host: example.org' >/dev/null
	visit /nothing -H 'Host: example.org' >/dev/null
	visit /a.txt -H 'Host: other.example' >/dev/null
	inside rm /etc/default/mayfly
	sites_are_logged
	equal "$(ctl log --host example.org | sed -E 's/.*\] ([^ ]*) .*/\1/' | paste -sd ' ')" \
		'//example.org/index.html //example.org/index.html //example.org/nothing'
	equal "$(ctl log --host other.example --json | jq -r '.host + " " + .message' | cut -d ' ' -f 1,2)" \
		'other.example //default/a.txt'
	equal "$(ctl hits --by-host --site mayfly --format tsv | grep -v -- '	-$')" $'hits\thost\n2\texample.org\n1\tdefault'
	contains "$(ctl hits --by-host --site mayfly '/*index*' --json | jq -c .counts)" '{"host":"example.org","hits":2,'
	contains "$(ctl hits --by-host --format openmetrics)" 'mayfly_host_hits_total{site="mayfly",host="example.org"} 2'
}

# in_section GUIDE HEADING: prints the commands in this section of a guide, without sudo.
in_section() {
	sed -n "/^## $2\$/,/^## /p" "$repository/packaging/guide/$1" | sed -n 's/^    //p' | sed 's/^sudo //'
}

# Copies this machine's rsync and its libraries to /opt/rsync of the other one, whose Debian lacks it.
copy_rsync() {
	mkdir rsync
	ldd "$(command -v rsync)" | grep -oE '/[^ ]+' | xargs cp --dereference --target-directory=rsync
	cp "$(command -v rsync)" rsync/
	mv rsync/ld-linux-* rsync/loader
	tar -C rsync -c . | inside sh -c 'mkdir -p /opt/rsync && tar --no-same-owner -C /opt/rsync -x'
}

@test "a user of a group uploads without root, by the commands of the guide" {
	local upload
	copy_rsync
	inside useradd --system alice
	in_section configure.md 'Upload without root' >commands
	equal "$(grep -vc ^rsync commands)" 5
	inside sh -ec "$(grep -v ^rsync commands)"
	inside sh -c 'mkdir -p /opt/client/public/sub && cd /opt/client/public && echo uploaded >new.html && echo below >sub/a.txt
		chmod -R go-rwx . && chown -R alice .' # as a client with another umask has them
	upload=$(sed -n 's/^rsync \(.*\) alice@server:\(.*\)/\1 \2/p' commands)
	inside sh -ec 'cd /opt/client && umask 077 && exec setpriv --reuid=alice --regid=alice --init-groups \
		/opt/rsync/loader --library-path /opt/rsync /opt/rsync/rsync '"$upload"
	equal "$(visit /new.html)" uploaded
	equal "$(visit /sub/a.txt)" below
	equal "$(inside stat -c '%G %a' /srv/mayfly/sub /srv/mayfly/new.html)" $'site 2775\nsite 664'
	refute inside test -e /srv/mayfly/index.html # --delete
	refute as_user mayfly touch /srv/mayfly/new.html /srv/mayfly/other.html
}

# counts_and_days: prints the counts of the site, and its hits of each day.
counts_and_days() {
	site_counts /var/lib/mayfly/hits
	inside /usr/local/bin/mayflyctl hits --by day --format tsv
}

@test "the commands of the guide back the counts up and restore them" {
	local before
	inside /usr/local/bin/mayflyctl hits snapshot
	visit /new.html >/dev/null
	inside /usr/local/bin/mayflyctl hits snapshot
	before=$(counts_and_days)
	in_section counts.md 'Back up the counts' >commands
	equal "$(wc -l <commands)" 4
	inside mkdir -p /var/backups
	inside sh -ec "PATH=\$PATH:/usr/local/bin; $(sed -n 1p commands)"
	visit /new.html >/dev/null
	inside /usr/local/bin/mayflyctl hits snapshot
	inside sh -ec "PATH=\$PATH:/usr/local/bin; $(sed -n 2p commands)"
	equal "$(counts_and_days)" "$before"
}
