#!/usr/bin/env bats
# The alerting rules for Prometheus, tested with promtool.
# bats file_tags=once,tools

load helpers

@test "promtool accepts the rules" {
	promtool check rules "$BATS_TEST_DIRNAME/../../packaging/prometheus/mayfly.rules.yml"
}

@test "each alert fires when it should, and only then" {
	promtool test rules "$BATS_TEST_DIRNAME/../prometheus/rules.yml"
}
