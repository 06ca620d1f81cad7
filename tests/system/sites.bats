# A second site, by the two files that mayfly.socket(5) shows.
# bats file_tags=once
load container

setup_file() {
	build_tools hits_dump
	start_site
	inside mkdir /srv/blog
	echo 'The blog.' | write /srv/blog/index.html
	shown '\.socket :' | write /etc/systemd/system/mayfly-site-blog.socket
	shown '@\.service :' | write /etc/systemd/system/mayfly-site-blog@.service
	inside systemctl enable --quiet --now mayfly-site-blog.socket
}

# shown FILE: the example behind the first line of the manual that ends so, and begins with the site's name.
shown() {
	sed -n "\\|^\.Pa /etc/systemd/system/mayfly-site-blog$1\$|,/^\.Ed/p" \
		"$repository/packaging/man/mayfly.socket.5" | grep -v '^\.' | sed 's/\\e$/\\/'
}

# in_guide FILE: what configure.md shows behind the file's name.
in_guide() {
	awk -v name="mayfly-site-blog$1\`" 'found && /^    / { print substr($0, 5); shown = 1 }
		shown && /^[^ ]/ { exit }
		index($0, name) { found = 1 }' "$repository/packaging/guide/configure.md"
}

@test "configure.md shows the same two files" {
	equal "$(in_guide .socket)" "$(shown '\.socket :' | grep .)"
	equal "$(in_guide @.service)" "$(shown '@\.service :' | sed -z 's/ \\\n */ /g; s|/usr/local/|/usr/|')"
}

@test "both are served, each with its own counts" {
	equal "$(nearby curl -sS --max-time "$patience" http://127.0.0.1:8081/)" 'The blog.'
	visit / | cmp - "$repository/www/index.html"
	equal "$(machine_counts)" $'1\t/index.html'
	count_in "/proc/$MACHINE/root/var/lib/mayfly/blog"
	equal "$(counts)" $'1\t/index.html'
}

@test "the second has the first one's limits, and the same user" {
	local property
	for property in MaxConnections MaxConnectionsPerSource Backlog NoDelay DeferAcceptUSec TriggerLimitBurst Accept BindIPv6Only; do
		equal "$(inside systemctl show --property="$property" mayfly-site-blog.socket)" \
			"$(inside systemctl show --property="$property" mayfly.socket)"
	done
	for property in User Slice NoNewPrivileges CapabilityBoundingSet TasksMax CollectMode RuntimeMaxUSec; do
		equal "$(inside systemctl show --property="$property" mayfly-site-blog@1.service)" \
			"$(inside systemctl show --property="$property" mayfly@1.service)"
	done
	equal "$(inside systemctl show --property=User --value mayfly-site-blog@1.service)" mayfly
}

@test "systemd has no complaint about it" {
	run inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-site-blog.socket mayfly-site-blog@1.service
	equal "$output" ''
	equal "$(journal --boot | grep -E 'systemd(-[a-z]+)?\[.*/mayfly[^ ]*\.[a-z]+:[0-9]+: ')" ''
}

@test "without its directory it refuses to start, and the first is none the worse" {
	inside systemctl stop mayfly-site-blog.socket
	inside mv /srv/blog /srv/away
	refute inside systemctl start mayfly-site-blog.socket
	visit / | cmp - "$repository/www/index.html"
}
