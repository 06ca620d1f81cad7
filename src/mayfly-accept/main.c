/*
 * mayfly-accept, for busy sites: accepts connections on the sockets that systemd passes, starts a
 * handler for each, and exits when it is idle. systemd keeps the sockets: clients that connect
 * while no mayfly-accept runs wait in the kernel's queue, and make systemd start it again.
 */
#include "accept_log.h"
#include "acceptor.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

enum exit_status { EXIT_DONE = 0, EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

static int print(const char *text)
{
	bool failed = fputs(text, stdout) < 0;
	failed |= fflush(stdout) != 0;
	return failed ? EXIT_SYSTEM : EXIT_DONE;
}

static int print_help(void)
{
	char array[ACCEPT_OPTIONS_HELP_MAX] = "";
	struct buffer help = {array, sizeof array - 1, 0, false};
	accept_options_add_help(&help);
	return print(array);
}

static int serve(struct acceptor *acceptor)
{
	const char *error = acceptor_open(acceptor);
	if (error != NULL) {
		accept_log_error("%s%s%s", error, errno != 0 ? ": " : "",
		                 errno != 0 ? strerror(errno) : "");
		return EXIT_SYSTEM;
	}
	(void)sd_notify(0, "READY=1");
	acceptor_run(acceptor);
	(void)sd_notify(0, "STOPPING=1");
	return EXIT_DONE;
}

/* --check-config: the options are valid. */
static int check_config(const struct accept_options *options)
{
	if (options->max_per_source > options->max_connections)
		accept_log_error("--max-per-source has no effect above --max-connections");
	return print("configuration OK\n");
}

/* Responds 503 to the clients that are waiting: the error makes it impossible to serve them. */
static int refuse_clients(struct acceptor *acceptor, const char *error)
{
	accept_log_error("%s", error);
	acceptor_run_unavailable(acceptor, "options-invalid");
	return acceptor->state == ACCEPTOR_ACCEPTS ? EXIT_USAGE : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct acceptor acceptor;
	char array[512] = "";
	struct buffer error = {array, sizeof array - 1, 0, false};
	if (!accept_options_parse(argc, argv, &acceptor.options, &error))
		return refuse_clients(&acceptor, array);
	if (acceptor.options.action == ACCEPT_SERVE)
		return serve(&acceptor);
	if (sd_listen_fds(0) > 0)
		return refuse_clients(&acceptor, "--help, --version and --check-config serve "
		                                 "nothing; remove them from the options of this "
		                                 "service");
	if (acceptor.options.action == ACCEPT_CHECK_CONFIG)
		return check_config(&acceptor.options);
	if (acceptor.options.action == ACCEPT_HELP)
		return print_help();
	return print("mayfly-accept " MAYFLY_VERSION "\n");
}
