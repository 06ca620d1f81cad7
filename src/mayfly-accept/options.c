/* Reading the command line; see options.h. */
#include "options.h"
#include "handlers.h"
#include "refuse.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "Usage: mayfly-accept [OPTION]... -- /path/to/mayfly --root DIR [OPTION]...\n"
    "Takes the sockets that systemd hands over, and starts a handler for each connection.\n"
    "\n"
    "  --max-connections N   handlers at once (1024)\n"
    "  --max-per-source N    of them for one address, or one /64 of IPv6 (64)\n"
    "  --idle-exit S         leave after S seconds without a connection (30)\n"
    "  --version             print the version\n"
    "  --help                print this\n"
    "\n"
    "mayfly-accept(8) tells the rest.\n";

static const struct option OPTIONS[] = {{"max-connections", required_argument, NULL, 'c'},
                                        {"max-per-source", required_argument, NULL, 's'},
                                        {"idle-exit", required_argument, NULL, 'i'},
                                        {"version", no_argument, NULL, 'v'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

/* From 1 to HANDLERS_MAX, in digits only. */
static bool read_number(const char *value, unsigned *number)
{
	unsigned long read = strtoul(value, NULL, 10);
	*number = (unsigned)read;
	return value[strspn(value, "0123456789")] == '\0' && read >= 1 && read <= HANDLERS_MAX;
}

static bool take(int code, struct options *options)
{
	switch (code) {
	case 'c':
		return read_number(optarg, &options->max_connections);
	case 's':
		return read_number(optarg, &options->max_per_source);
	case 'i':
		return read_number(optarg, &options->idle_exit);
	case 'v':
		options->print = "mayfly-accept " MAYFLY_VERSION "\n";
		return true;
	case 'h':
		options->print = HELP;
		return true;
	default:
		return false;
	}
}

bool options_read(int argc, char **argv, struct options *options)
{
	*options = (struct options){NULL, 1024, 64, 30, NULL};
	opterr = 0;
	int code;
	while (options->print == NULL &&
	       (code = getopt_long(argc, argv, "+:", OPTIONS, NULL)) != -1)
		if (!take(code, options)) {
			complain("not an option, or not a value of one: %s; try --help",
			         argv[optind - 1]);
			return false;
		}
	options->command = argv + optind;
	if (options->print != NULL || (optind < argc && argv[optind][0] == '/'))
		return true;
	complain("the handler's absolute path is missing; try --help");
	return false;
}
