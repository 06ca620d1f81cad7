/* Writing a file that is always whole; see output.h. */
#include "output.h"
#include "same_file.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who ends this meanwhile waits until the file is there, and nothing is left beside it. */
static void block_signals(int how)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(how, &signals, NULL);
}

/* One complaint is enough: whoever looks at standard output later finds nothing wrong with it. */
static enum exit_status give_up(struct output *output)
{
	int error = errno;
	__fpurge(stdout);
	clearerr(stdout);
	(void)unlink(output->aside);
	free(output->aside);
	block_signals(SIG_UNBLOCK);
	return fail("cannot write %s: %s", output->name, strerror(error));
}

/* Makes a file beside `name`, with the permissions that a new file gets. */
static int make_aside(char *name)
{
	int descriptor = mkstemp(name);
	mode_t mask = umask(0);
	umask(mask);
	if (descriptor >= 0 && fchmod(descriptor, 0666 & ~mask) == 0)
		return descriptor;
	return -1;
}

enum exit_status output_begin(struct output *output, const char *name, const char *source)
{
	struct stat there;
	output->name = name;
	if (lstat(name, &there) == 0 && !S_ISREG(there.st_mode))
		return fail("%s is not a regular file", name);
	if (is_same_file(name, source))
		return fail("%s is the counter file: it cannot be written to", name);
	if (asprintf(&output->aside, "%s.XXXXXX", name) < 0)
		return fail("there is no memory left");
	block_signals(SIG_BLOCK);
	int descriptor = make_aside(output->aside);
	if (descriptor < 0 || dup2(descriptor, STDOUT_FILENO) < 0)
		return give_up(output);
	(void)close(descriptor);
	return EXIT_DONE;
}

enum exit_status output_end(struct output *output)
{
	if (fflush(stdout) != 0 || ferror(stdout) || fsync(STDOUT_FILENO) != 0 ||
	    rename(output->aside, output->name) != 0)
		return give_up(output);
	free(output->aside);
	block_signals(SIG_UNBLOCK);
	return EXIT_DONE;
}
