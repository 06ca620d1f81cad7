/* Running another program; see program.h. */
#include "program.h"
#include "output.h"
#include "transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Becomes the program, in the child. It inherits only a pipe for its output. */
static void execute(const struct program *program, int output)
{
	int other = program->output == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* The last two cannot fail: the descriptors are open. */
	if (dup2(nothing, STDIN_FILENO) < 0 ||
	    (program->user != NULL && !unit_config_stay_user(program->user)))
		_exit(PROGRAM_NOT_STARTED);
	(void)dup2(nothing, other);
	(void)dup2(output, program->output);
	(void)alarm(PROGRAM_TIMEOUT_S);
	(void)execve(program->arguments[0], (char *const *)program->arguments,
	             (char *const *)program->environment);
	program_not_executed(errno);
}

_Noreturn void program_not_executed(int error)
{
	bool cannot_be_executed = error == ENOEXEC || !error_is_of_system(error);
	_exit(cannot_be_executed ? PROGRAM_NOT_EXECUTED : PROGRAM_NOT_STARTED);
}

int program_wait(pid_t child)
{
	int status;
	pid_t ended;
	do
		ended = waitpid(child, &status, 0);
	while (ended < 0 && errno == EINTR);
	return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int program_run(const struct program *program, char *text, size_t size)
{
	int ends[2];
	text[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0)
		execute(program, ends[1]);
	(void)close(ends[1]);
	ssize_t length = transfer_read(ends[0], text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	(void)close(ends[0]);
	int status = child >= 0 ? program_wait(child) : -1;
	return length >= 0 && status != PROGRAM_NOT_STARTED ? status : -1;
}
