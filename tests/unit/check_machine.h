/*
 * A machine that mayflyctl check looks at: its units, users, files and errors of the system are what the test says. Firewalls
 * and HTTPS have tests of their own.
 */
#ifndef MAYFLY_TESTS_UNIT_CHECK_MACHINE_H
#define MAYFLY_TESTS_UNIT_CHECK_MACHINE_H

#include "counter/layout.h"
#include "mayflyctl/check_firewall.h"
#include "mayflyctl/check_https.h"
#include "mayflyctl/command.h"
#include "mayflyctl/program.h"
#include "mayflyctl/user.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus_texts.h"
#include "kept_groups.h"
#include "open_2.h"
#include "run_command.h"

enum { FAULTS_MAX = 4, DROP_INS_MAX = 4 };

/* A call of a function for a file whose name contains this fails. */
struct fault {
	const char *call, *file;
	int error;
	unsigned skipped; /* this many calls before it succeed */
	bool is_last;     /* and those after it */
};

static char directory[] = "/tmp/test_check-XXXXXX", root[64], hits[64];

static struct {
	uid_t user;  /* that runs the command */
	uid_t owner; /* of all files, as fts(3) sees them */
	mode_t mode; /* of all directories */
	const char *missing_user;
	struct fault faults[FAULTS_MAX];
	const char *response; /* to each request */
	size_t received;
	const char *drop_ins[DROP_INS_MAX]; /* what glob(3) finds */
	int glob_error;
	const char *analysis; /* what systemd-analyze prints */
	int analyze_status;
	const char *handler_error;
	int handler_status;
	bool has_package;
	bool is_mounted;       /* each open file is of another file system than its directory */
	unsigned short unread; /* what fts(3) says of a file if fts_read fails */
	const char
	    *redirected; /* files whose names contain this are the test's file "redirected" */
} machine;

static bool fails(const char *call, const char *file)
{
	for (size_t i = 0; i < FAULTS_MAX; i++) {
		struct fault *fault = &machine.faults[i];
		if (fault->call == NULL || strcmp(fault->call, call) != 0 ||
		    (fault->file != NULL && strstr(file, fault->file) == NULL))
			continue;
		if (fault->skipped > 0) {
			fault->skipped--;
			continue;
		}
		errno = fault->error;
		if (fault->is_last)
			fault->call = NULL;
		return true;
	}
	return false;
}

static inline const char *path_of(const char *name)
{
	static char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static const char *redirect(const char *name)
{
	bool is_redirected = machine.redirected != NULL && strstr(name, machine.redirected) != NULL;
	return is_redirected ? path_of("redirected") : name;
}

/* The C library's function, of which this program has its own. */
#define LIBRARY(function, ...)                                                                     \
	(*__extension__(__typeof__(&(function))) dlsym(RTLD_NEXT, #function))(__VA_ARGS__)

int open(const char *name, int flags, ...)
{
	return fails("open", name)
	           ? -1
	           : (int)syscall(SYS_openat, AT_FDCWD, redirect(name), flags, 0600);
}

long syscall(long number, ...)
{
	long a[6];
	va_list arguments;
	va_start(arguments, number);
	for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_landlock_create_ruleset)
		return 6;
	if (number == SYS_openat2 && fails("openat2", (const char *)a[1]))
		return -1;
	return LIBRARY(syscall, number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int stat(const char *name, struct stat *status)
{
	return fails("stat", name) ? -1 : fstatat(AT_FDCWD, name, status, 0);
}

int fstat(int file, struct stat *status)
{
	if (fails("fstat", "") || fstatat(file, "", status, AT_EMPTY_PATH) != 0)
		return -1;
	status->st_dev += machine.is_mounted;
	return 0;
}

int fstatvfs(int file, struct statvfs *space)
{
	return fails("fstatvfs", "") ? -1 : LIBRARY(fstatvfs, file, space);
}

int access(const char *name, int mode)
{
	if (strstr(name, "/usr/share/doc/mayfly") == name)
		return machine.has_package ? 0 : -1;
	return fails("access", name) ? -1 : faccessat(AT_FDCWD, name, mode, 0);
}

int faccessat(int from, const char *name, int mode, int flags)
{
	return fails("faccessat", name) ? -1 : LIBRARY(faccessat, from, name, mode, flags);
}

FILE *fopen(const char *name, const char *mode)
{
	return fails("fopen", name) ? NULL : LIBRARY(fopen, redirect(name), mode);
}

int ferror(FILE *file)
{
	return fails("ferror", "") || LIBRARY(ferror, file) != 0;
}

int flock(int file, int how)
{
	return fails("flock", "") ? -1 : (int)syscall(SYS_flock, file, how);
}

DIR *opendir(const char *name)
{
	return fails("opendir", name) ? NULL : LIBRARY(opendir, name);
}

struct dirent *readdir(DIR *names)
{
	return fails("readdir", "") ? NULL : LIBRARY(readdir, names);
}

FTSENT *fts_read(FTS *files)
{
	FTSENT *entry = LIBRARY(fts_read, files);
	if (entry == NULL || entry->fts_statp == NULL)
		return entry;
	entry->fts_statp->st_uid = machine.owner;
	if (S_ISDIR(entry->fts_statp->st_mode))
		entry->fts_statp->st_mode |= machine.mode;
	if (fails("fts_read", entry->fts_path)) {
		entry->fts_info = machine.unread;
		entry->fts_errno = errno;
	}
	return entry;
}

int glob(const char *pattern, int flags, int (*note)(const char *, int), glob_t *found)
{
	(void)flags;
	(void)pattern;
	if (machine.glob_error == GLOB_ABORTED)
		(void)note("/etc/systemd/system", EIO);
	if (machine.glob_error != 0)
		return machine.glob_error;
	bool is_of_units = strstr(pattern, "/mayfly*.d") != NULL;
	*found = (glob_t){.gl_pathv = (char **)(void *)machine.drop_ins};
	while (machine.drop_ins[found->gl_pathc] != NULL)
		found->gl_pathc++;
	if (is_of_units == (found->gl_pathc > 0 && strstr(machine.drop_ins[0], ".conf") != NULL))
		return GLOB_NOMATCH;
	return found->gl_pathc > 0 ? 0 : GLOB_NOMATCH;
}

void globfree(glob_t *found)
{
	(void)found;
}

uid_t getuid(void)
{
	return machine.user;
}

int seteuid(uid_t user)
{
	return fails("seteuid", user == 0 ? "root" : "mayfly") ? -1 : 0;
}

int initgroups(const char *name, gid_t group)
{
	(void)group;
	return fails("initgroups", name) ? -1 : 0;
}

const struct passwd *user_find(const char *name)
{
	static struct passwd user;
	user = (struct passwd){.pw_uid = strcmp(name, "mayfly") == 0 ? 400 : 401};
	errno = ENOENT;
	bool is_missing = machine.missing_user != NULL && strcmp(machine.missing_user, name) == 0;
	return is_missing || fails("getpwnam", name) ? NULL : &user;
}

int socket(int family, int type, int protocol)
{
	(void)family;
	(void)type;
	(void)protocol;
	machine.received = 0;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int connect(int client, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	(void)client;
	(void)length;
	const struct sockaddr_un *local = address.__sockaddr_un__;
	return fails("connect", local->sun_family == AF_UNIX ? local->sun_path : "tcp") ? -1 : 0;
}

ssize_t read(int file, void *bytes, size_t size)
{
	return fails("read", "") ? -1 : syscall(SYS_read, file, bytes, size);
}

ssize_t send(int client, const void *bytes, size_t length, int flags)
{
	(void)client;
	(void)bytes;
	(void)flags;
	return fails("send", "") ? -1 : (ssize_t)length;
}

ssize_t recv(int client, void *bytes, size_t length, int flags)
{
	(void)client;
	(void)flags;
	size_t rest = strlen(machine.response) - machine.received;
	if (fails("recv", ""))
		return -1;
	length = length < rest ? length : rest;
	memcpy(bytes, machine.response + machine.received, length);
	machine.received += length;
	return (ssize_t)length;
}

/* The program's, in place of other parts of it. */
int program_run(const struct program *program, char *text, size_t size)
{
	bool is_analysis = strcmp(program->arguments[0], "/usr/bin/systemd-analyze") == 0;
	(void)snprintf(text, size, "%s", is_analysis ? machine.analysis : machine.handler_error);
	return is_analysis ? machine.analyze_status : machine.handler_status;
}

int program_wait(pid_t child)
{
	(void)child;
	return -1;
}

_Noreturn void program_not_executed(int error)
{
	exit(error);
}

void check_firewall(unsigned port, struct findings *findings)
{
	(void)port;
	(void)findings;
}

void check_https(sd_bus *bus, struct findings *findings)
{
	(void)bus;
	(void)findings;
}

/* What systemd runs as the handler. */
#define EXEC "mayfly@mayflyctl.service ExecStart /usr/bin/mayfly /usr/bin/mayfly "

/* Adds a site without problems. */
static void add_site(const char *socket, const char *service, const char *user)
{
	bus_texts_add("%s.socket FragmentPath /etc", socket);
	bus_texts_add("%s.socket LoadState loaded", socket);
	bus_texts_add("%s.socket ActiveState active", socket);
	bus_texts_add("%s.socket UnitFileState enabled", socket);
	bus_texts_add("%s.socket Accept 1", socket);
	bus_texts_add("%s.socket Listen Stream 192.0.2.7:80", socket);
	bus_texts_add("%s.socket MaxConnections 1024", socket);
	bus_texts_add("%s.socket MaxConnectionsPerSource 64", socket);
	bus_texts_add("%s.socket Backlog 1024", socket);
	bus_texts_add("%s FragmentPath /etc", service);
	bus_texts_add("%s LoadState loaded", service);
	bus_texts_add(
	    "%s ExecStart /usr/bin/mayfly /usr/bin/mayfly --root %s --hits %s --log journal",
	    service, root, hits);
	bus_texts_add("%s User %s", service, user);
	bus_texts_add("%s NoNewPrivileges 1", service);
	bus_texts_add("%s StandardError journal", service);
	bus_texts_add("%s CollectMode inactive-or-failed", service);
}

/* Before and after all tests of a program. */
static int make_directories(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(root, sizeof root, "%s/root", directory);
	(void)snprintf(hits, sizeof hits, "%s/hits", directory);
	return mkdir(root, 0755);
}

static int remove_directories(void **state)
{
	(void)state;
	return rmdir(root) == 0 ? rmdir(directory) : -1;
}

/* A machine without problems. */
static int reset_machine(void **state)
{
	(void)state;
	bus_texts_reset();
	memset(&machine, 0, sizeof machine);
	machine.response = "HTTP/1.1 200 OK\r\n";
	machine.analysis = machine.handler_error = "";
	machine.owner = 70007;
	add_site("mayfly", "mayfly@mayflyctl.service", "mayfly");
	bus_texts_add("mayfly.slice LoadState loaded");
	bus_texts_add("mayfly.slice MemoryMax 536870912");
	bus_texts_add("mayfly.slice TasksMax 2200");
	return 0;
}

static inline void add_blog(void)
{
	add_site("mayfly-site-blog", "mayfly-site-blog@mayflyctl.service", "mayfly-blog");
}

static inline void make_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void make_directory(const char *name)
{
	assert_int_equal(mkdir(path_of(name), 0755), 0);
}

static inline void make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, path_of(name)), 0);
}

static inline void remove_file(const char *name)
{
	assert_int_equal(remove(path_of(name)), 0);
}

/* Runs check, which finds this. */
static inline void finds(const char *expected)
{
	(void)RUN(command_check, "check");
	expect_in(run_out, expected);
}

static inline void finds_nothing(void)
{
	assert_int_equal(RUN(command_check, "check"), 0);
	assert_string_equal(run_err, "");
	assert_string_equal(run_out, "No problems found.\n");
}

#endif
