/*
 * A machine with sites, for commands that ask systemd about units: units that few machines have, and calls of the C library
 * that fail, are what the test says. Files below /etc and /var/lib/mayfly* are those of a directory of the test; programs are
 * not run.
 */
#ifndef MAYFLY_TESTS_UNIT_SITES_MACHINE_H
#define MAYFLY_TESTS_UNIT_SITES_MACHINE_H

#include "counter_file.h"
#include "fake_systemd.h"
#include "open_2.h"
#include "run_command.h"
#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <systemd/sd-journal.h>

enum { MAIN_USER = 400, NEW_USER = 402, TEXT_MAX = 512 };

static struct {
	const char *failing; /* the function of which one call fails */
	unsigned skipped;    /* so many calls before it succeed */
	int error;
	uid_t user;                         /* this process is */
	uid_t new_user;                     /* mayfly-new; 0: there is none */
	bool is_terminal, has_plain_errors; /* standard error is no terminal */
	int program_status;                 /* of systemctl and so on */
	const char *program_output;
	const char *missing_program; /* one of /usr/bin */
	const char *certificate;     /* what openssl prints of it; NULL: it is unusable */
} machine;

/* Whether this call must fail (errno). */
static bool fails(const char *function)
{
	if (machine.failing == NULL || strcmp(machine.failing, function) != 0 ||
	    machine.skipped-- > 0)
		return false;
	machine.failing = NULL;
	errno = machine.error;
	return true;
}

/* Lets a call of the next command fail, after `skipped` others of this function. */
static void let_fail(const char *function, unsigned skipped, int error)
{
	machine.failing = function;
	machine.skipped = skipped;
	machine.error = error;
}

/* A name in the directory of the test, for one that commands use. */
static const char *placed(const char *name)
{
	static const char *const PLACES[] = {"/etc/", "/var/lib/mayfly"};
	static char path[2 * PATH_MAX];
	(void)snprintf(path, sizeof path, "%s%s", counter_directory, name);
	for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++)
		if (strncmp(name, PLACES[i], strlen(PLACES[i])) == 0)
			return path;
	return name;
}

/* The program's, in place of the C library's. */
int open(const char *name, int flags, ...)
{
	return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, placed(name), flags, 0644);
}

int lstat(const char *name, struct stat *status)
{
	return fails("lstat") ? -1 : fstatat(AT_FDCWD, placed(name), status, AT_SYMLINK_NOFOLLOW);
}

int stat(const char *name, struct stat *status)
{
	return fails("stat") ? -1 : fstatat(AT_FDCWD, placed(name), status, 0);
}

int mkdir(const char *name, mode_t mode)
{
	return (int)syscall(SYS_mkdirat, AT_FDCWD, placed(name), mode);
}

int chmod(const char *name, mode_t mode)
{
	return (int)syscall(SYS_fchmodat, AT_FDCWD, placed(name), mode);
}

int rmdir(const char *name)
{
	return fails("rmdir") ? -1
	                      : (int)syscall(SYS_unlinkat, AT_FDCWD, placed(name), AT_REMOVEDIR);
}

int unlinkat(int directory, const char *name, int flags)
{
	return fails("unlinkat") ? -1 : (int)syscall(SYS_unlinkat, directory, name, flags);
}

int flock(int file, int operation)
{
	return fails("flock") ? -1 : (int)syscall(SYS_flock, file, operation);
}

int faccessat(int directory, const char *name, int mode, int flags)
{
	(void)directory;
	(void)name;
	(void)mode;
	(void)flags;
	return fails("faccessat") ? -1 : 0;
}

int access(const char *name, int mode)
{
	(void)mode;
	if (fails("access"))
		return -1;
	bool exists =
	    strncmp(name, "/usr/bin/", strlen("/usr/bin/")) == 0 &&
	    (machine.missing_program == NULL || strstr(name, machine.missing_program) == NULL);
	errno = ENOENT;
	return exists ? 0 : -1;
}

int isatty(int file)
{
	return machine.is_terminal && !(file == STDERR_FILENO && machine.has_plain_errors);
}

uid_t getuid(void)
{
	return MAIN_USER;
}

uid_t geteuid(void)
{
	return machine.user;
}

struct passwd *getpwnam(const char *name)
{
	static struct passwd user;
	errno = 0;
	user.pw_uid = strcmp(name, "mayfly-new") == 0 ? machine.new_user : MAIN_USER;
	return fails("getpwnam") || user.pw_uid == 0 ? NULL : &user;
}

/* The machine may be without IPv6. */
int socket(int family, int type, int protocol)
{
	bool is_tried = family == AF_INET6;
	return is_tried && fails("socket")
	           ? -1
	           : (int)syscall(SYS_socket, is_tried ? AF_INET : family, type, protocol);
}

int bind(int file, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	(void)file;
	(void)address;
	(void)length;
	return fails("bind") ? -1 : 0;
}

int posix_spawnp(pid_t *child, const char *program, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *arguments,
                 char *const *environment)
{
	(void)program;
	(void)actions;
	(void)attributes;
	(void)arguments;
	(void)environment;
	*child = fork();
	if (*child == 0)
		_exit(machine.program_status);
	return 0;
}

/* Writes its arguments to the file "executed". */
int execvp(const char *program, char *const *arguments)
{
	char name[TEXT_MAX];
	(void)program;
	(void)snprintf(name, sizeof name, "%s/executed", counter_directory);
	bool reads = strcmp(arguments[1], "x509") == 0;
	FILE *file = fopen(name, "w");
	for (size_t i = 0; arguments[i] != NULL; i++)
		(void)fprintf(file, "%s ", arguments[i]);
	(void)fclose(file);
	if (reads && machine.certificate == NULL)
		_exit(1);
	(void)dprintf(STDOUT_FILENO, "%s", reads ? machine.certificate : machine.program_output);
	_exit(0);
}

/* Sets *function to that of the C library. */
static void find_original(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	assert_non_null(found);
	memcpy(function, &found, sizeof found);
}

/* Each name has two addresses. */
int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
	static int (*find)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (find == NULL)
		find_original("getaddrinfo", &find);
	if (name == NULL || (hints->ai_flags & AI_NUMERICHOST) != 0)
		return find(name, port, hints, found);
	if (strstr(name, "example") == NULL)
		return EAI_NONAME;
	int error = find("::1", port, hints, found);
	return error != 0 ? error : find("192.0.2.1", port, hints, &(*found)->ai_next);
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                socklen_t host_size, char *restrict port, socklen_t port_size, int flags)
{
	static int (*find)(const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t,
	                   int);
	if (find == NULL)
		find_original("getnameinfo", &find);
	return fails("getnameinfo")
	           ? EAI_FAIL
	           : find(address, length, host, host_size, port, port_size, flags);
}

#ifndef __SANITIZE_ADDRESS__ /* it has a malloc of its own */
/* Fails for large blocks, of lists of counts. */
void *malloc(size_t size)
{
	return size > 1 << 20 && fails("malloc") ? NULL : aligned_alloc(16, (size + 15) / 16 * 16);
}
#endif

int sd_journal_open_namespace(sd_journal **journal, const char *name, int flags)
{
	(void)journal;
	(void)name;
	(void)flags;
	return -EIO;
}

static char main_command[TEXT_MAX], blog_command[TEXT_MAX];

static int make_machine(void **state)
{
	static const char *const DIRECTORIES[] = {
	    "/etc", "/etc/systemd", "/etc/systemd/system", "/etc/sysusers.d",
	    "/var", "/var/lib",     "/var/lib/mayfly",     "/root"};
	char name[TEXT_MAX];
	if (make_directory(state) != 0)
		return -1;
	for (size_t i = 0; i < sizeof DIRECTORIES / sizeof DIRECTORIES[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s", counter_directory, DIRECTORIES[i]);
		if (syscall(SYS_mkdirat, AT_FDCWD, name, 0755) != 0)
			return -1;
	}
	(void)hit("/a.html");
	(void)snprintf(main_command, sizeof main_command,
	               "C ExecStart /usr/bin/mayfly --root /srv/www --hits %s", counter_file);
	(void)snprintf(blog_command, sizeof blog_command,
	               "C ExecStart /usr/bin/mayfly --root /srv/blog --hits %s-blog", counter_file);
	memset(&machine, 0, sizeof machine);
	memset(&fake_systemd, 0, sizeof fake_systemd);
	fake_set("mayfly.socket", "s ActiveState active");
	fake_set("mayfly.socket", "s UnitFileState enabled");
	fake_set("mayfly.socket", "s Result success");
	fake_set("mayfly.socket", "L Listen [::]:80");
	fake_set("mayfly.socket", "b Accept 1");
	fake_set("mayfly@mayflyctl.service", "s User mayfly");
	fake_set("mayfly@mayflyctl.service", main_command);
	return 0;
}

static int remove_entry(const char *name, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(name);
}

static int remove_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return nftw(counter_directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void add_blog(void)
{
	fake_set("mayfly-site-blog.socket", "s ActiveState active");
	fake_set("mayfly-site-blog.socket", "s UnitFileState enabled");
	fake_set("mayfly-site-blog.socket", "L Listen [::]:8081 127.0.0.1:8081");
	fake_set("mayfly-site-blog.socket", "b Accept 1");
	fake_set("mayfly-site-blog@mayflyctl.service", "s User mayfly-blog");
	fake_set("mayfly-site-blog@mayflyctl.service", blog_command);
}

static const struct command *const COMMANDS[] = {&command_hits,  &command_https,  &command_report,
                                                 &command_sites, &command_status, NULL};

#define RUN_COMMAND(...)                                                                           \
	run_command(COMMANDS, NULL, (const char *const[]){"mayflyctl", __VA_ARGS__, NULL})

/* `result`: the exit status of a command, which has printed `part`. The next one has no failing call. */
static void expect(int status, const char *text, const char *part, int result)
{
	machine.failing = NULL;
	if (result != status)
		fail_msg("exit status %d, \"%s\"", result, run_err);
	expect_in(text, part);
}

#define EXPECT_OUT(part, ...) expect(0, run_out, part, RUN_COMMAND(__VA_ARGS__))
#define EXPECT_ERR(status, part, ...) expect(status, run_err, part, RUN_COMMAND(__VA_ARGS__))

#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, make_machine, remove_machine)

/* Before all tests of a program. */
static int prepare(void **state)
{
	(void)state;
	bool is_ready = freopen("/dev/null", "r", stdin) != NULL &&
	                setenv("TERM", "xterm", 1) == 0 && unsetenv("NO_COLOR") == 0;
	return is_ready ? 0 : -1;
}

#endif
