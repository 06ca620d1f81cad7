# The units themselves: systemd has nothing to say against them, and the manual tells what they say.
# bats file_tags=once
load container

setup_file() {
	start_site
}

@test "systemd has no complaint about any of them" {
	inside install -D -m 644 /usr/local/share/mayfly/hardened.conf \
		/etc/systemd/system/mayfly@.service.d/hardened.conf
	inside systemctl daemon-reload
	run inside systemd-analyze verify --man=no --recursive-errors=yes \
		mayfly.socket mayfly@a.service mayfly-busy.socket mayfly-busy.service mayfly.slice
	echo "$output"
	equal "$status" 0
	equal "$output" ''
	visit / >/dev/null
	equal "$(journal --boot | grep -E 'systemd(-[a-z]+)?\[.*/(mayfly|hardened)[^ ]*\.[a-z]+:[0-9]+: ')" ''
}

@test "mayfly.socket(5) tells the limits as they are" {
	local setting file
	sed -nE 's/^\.It (Ic .*)/\1/p' "$repository/packaging/man/mayfly.socket.5" >items
	while read -r setting file; do
		grep -qxF "$setting" "$repository/units/$file" || fail "$file does not say $setting"
		echo "$setting"
	done < <(awk '{ for (i = 1; i < NF; i++) if ($i == "Ic") print $(i + 1), $NF }' items) >told
	(($(grep -c . told) >= 8))
}
