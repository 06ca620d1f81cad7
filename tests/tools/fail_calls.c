/*
 * A library for LD_PRELOAD: makes one call of a library function fail, of those that mayflyctl checks. FAIL_PLACE=N:
 * the Nth place from which the program calls such a function, counted from 1. Its first call there returns an error,
 * and is not made. Calls of one line count as several places if other functions of the program, up to FRAMES_MAX, lead
 * there. Calls of other libraries always succeed. FAIL_ERROR: the number of the error, instead of a usual one for that function.
 * FAIL_LIST names a file to which `N NAME` is appended at the first call of each place.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <glob.h>
#include <link.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FRAMES_MAX = 3, STACK_MAX = 48, PLACES_MAX = 4096 };

static const char PROGRAM[] = "mayflyctl"; /* programs that it starts are left alone */
static const uint64_t FNV_PRIME = 0x100000001b3;

static uintptr_t program_start, program_end;

/* The first object is the program. */
static int note_program(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	program_start = UINTPTR_MAX;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;
		if (part->p_type != PT_LOAD)
			continue;
		program_start = start < program_start ? start : program_start;
		program_end =
		    start + part->p_memsz > program_end ? start + part->p_memsz : program_end;
	}
	return 1;
}

static bool is_of_program(const void *address)
{
	return (uintptr_t)address >= program_start && (uintptr_t)address < program_end;
}

/* Returns a hash of the function's name, and of the places in the program that lead to the call. */
static uint64_t find_place(const char *name)
{
	void *stack[STACK_MAX];
	int depth = backtrace(stack, STACK_MAX), used = 0;
	uint64_t hash = (uintptr_t)name;
	for (int i = 0; i < depth && used < FRAMES_MAX; i++)
		if (is_of_program(stack[i])) {
			hash = (hash ^ (uintptr_t)stack[i]) * FNV_PRIME;
			used++;
		}
	return hash;
}

static void list_place(unsigned number, const char *name)
{
	const char *list = getenv("FAIL_LIST");
	char line[80];
	int length = snprintf(line, sizeof line, "%u %s\n", number, name);
	if (list == NULL)
		return;
	long file =
	    syscall(SYS_openat, AT_FDCWD, list, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	(void)syscall(SYS_write, file, line, length);
	(void)syscall(SYS_close, file);
}

/* Whether the call of this function that returns to `caller` must fail. */
static bool must_fail(const char *name, const void *caller)
{
	static uint64_t places[PLACES_MAX];
	static unsigned count;
	static bool is_busy;
	const char *chosen = getenv("FAIL_PLACE");
	if (is_busy || chosen == NULL || strcmp(program_invocation_short_name, PROGRAM) != 0)
		return false;
	is_busy = true;
	if (program_end == 0)
		(void)dl_iterate_phdr(note_program, NULL);
	uint64_t place = is_of_program(caller) ? find_place(name) : 0;
	unsigned i = 0;
	while (i < count && places[i] != place)
		i++;
	bool is_new = place != 0 && i == count && count < PLACES_MAX;
	if (is_new) {
		places[count++] = place;
		list_place(count, name);
	}
	is_busy = false;
	return is_new && count == strtoul(chosen, NULL, 10);
}

static int chosen_error(int usual)
{
	const char *error = getenv("FAIL_ERROR");
	return error != NULL ? (int)strtol(error, NULL, 10) : usual;
}

/*
 * In place of the next library's function of this name. If it fails, it returns `result`, and sets errno. No function
 * here has more arguments, or any that is a floating-point number.
 */
#define FAILING(name, result, error)                                                               \
	long fail_##name(long a, long b, long c, long d, long e, long f, long g, long h, long i,   \
	                 long j) __asm__(#name);                                                   \
	long fail_##name(long a, long b, long c, long d, long e, long f, long g, long h, long i,   \
	                 long j)                                                                   \
	{                                                                                          \
		static long (*original)(long, ...);                                                \
		if (must_fail(#name, __builtin_return_address(0))) {                               \
			errno = chosen_error(error);                                               \
			return result;                                                             \
		}                                                                                  \
		if (original == NULL)                                                              \
			original = (long (*)(long, ...))dlsym(RTLD_NEXT, #name);                   \
		return original(a, b, c, d, e, f, g, h, i, j);                                     \
	}

#define FAILING_POINTER(name, error) FAILING(name, 0, error)
#define FAILING_CALL(name, error) FAILING(name, -1, error)
#define FAILING_SYSTEMD(name) FAILING(name, -EIO, EIO)

FAILING_POINTER(calloc, ENOMEM)
FAILING_POINTER(fdopen, ENOMEM)
FAILING_POINTER(fdopendir, ENOMEM)
FAILING_POINTER(fopen, EMFILE)
FAILING_POINTER(fts_open, ENOMEM)
FAILING_POINTER(fts_read, EIO)
FAILING_POINTER(getpwnam, EIO)
FAILING_POINTER(getpwuid, EIO)
FAILING_POINTER(gmtime_r, EOVERFLOW)
FAILING_POINTER(json_tokener_parse, ENOMEM)
FAILING_POINTER(localtime_r, EOVERFLOW)
FAILING_POINTER(malloc, ENOMEM)
FAILING_POINTER(newlocale, ENOMEM)
FAILING_POINTER(opendir, EMFILE)
FAILING_POINTER(readdir, EIO)
FAILING_POINTER(reallocarray, ENOMEM)
FAILING_POINTER(strdup, ENOMEM)

FAILING_CALL(access, EIO)
FAILING_CALL(asprintf, ENOMEM)
FAILING_CALL(bind, ENOMEM)
FAILING_CALL(connect, ENETUNREACH)
FAILING_CALL(dup2, EBUSY)
FAILING_CALL(fchmod, EIO)
FAILING_CALL(fchown, EIO)
FAILING_CALL(fclose, ENOSPC)
FAILING_CALL(fcntl, EINVAL)
FAILING_CALL(fdatasync, EIO)
FAILING_CALL(fflush, ENOSPC)
FAILING_CALL(flock, ENOLCK)
FAILING_CALL(fork, EAGAIN)
FAILING_CALL(fseek, EIO)
FAILING_CALL(fstat, EIO)
FAILING_CALL(fstatat, EIO)
FAILING_CALL(fstatvfs, EIO)
FAILING_CALL(fsync, EIO)
FAILING_CALL(ftruncate, EIO)
FAILING_CALL(getrandom, EAGAIN)
FAILING_CALL(initgroups, EPERM)
FAILING_CALL(ioctl, ENOTTY)
FAILING_CALL(listen, EADDRINUSE)
FAILING_CALL(lseek, EIO)
FAILING_CALL(lstat, EIO)
FAILING_CALL(mkdir, EIO)
FAILING_CALL(mkdirat, EIO)
FAILING_CALL(mkostemp, EIO)
FAILING_CALL(open, EMFILE)
FAILING_CALL(openat, EMFILE)
FAILING_CALL(pipe2, EMFILE)
FAILING_CALL(poll, ENOMEM)
FAILING_CALL(prctl, EINVAL)
FAILING_CALL(pread, EIO)
FAILING_CALL(pwrite, ENOSPC)
FAILING_CALL(read, EIO)
FAILING_CALL(readlink, EIO)
FAILING_CALL(readlinkat, EIO)
FAILING_CALL(recv, ECONNRESET)
FAILING_CALL(renameat, EIO)
FAILING_CALL(rmdir, EIO)
FAILING_CALL(scandir, ENOMEM)
FAILING_CALL(send, ENOBUFS)
FAILING_CALL(setegid, EPERM)
FAILING_CALL(setenv, ENOMEM)
FAILING_CALL(seteuid, EPERM)
FAILING_CALL(setgid, EPERM)
FAILING_CALL(setgroups, EPERM)
FAILING_CALL(setsockopt, ENOMEM)
FAILING_CALL(setuid, EPERM)
FAILING_CALL(socket, EMFILE)
FAILING_CALL(stat, EIO)
FAILING_CALL(syscall, ENOSYS)
FAILING_CALL(unlink, EIO)
FAILING_CALL(unlinkat, EIO)
FAILING_CALL(vasprintf, ENOMEM)
FAILING_CALL(waitpid, ECHILD)
FAILING_CALL(write, ENOSPC)

FAILING(ferror, 1, EIO)
FAILING(getaddrinfo, EAI_AGAIN, EIO)
FAILING(glob, GLOB_NOSPACE, ENOMEM)
FAILING(posix_spawnp, EAGAIN, EAGAIN)

FAILING_SYSTEMD(sd_booted)
FAILING_SYSTEMD(sd_bus_call)
FAILING_SYSTEMD(sd_bus_call_method)
FAILING_SYSTEMD(sd_bus_get_property_string)
FAILING_SYSTEMD(sd_bus_message_append_strv)
FAILING_SYSTEMD(sd_bus_message_copy)
FAILING_SYSTEMD(sd_bus_message_enter_container)
FAILING_SYSTEMD(sd_bus_message_exit_container)
FAILING_SYSTEMD(sd_bus_message_new_method_call)
FAILING_SYSTEMD(sd_bus_message_new_signal)
FAILING_SYSTEMD(sd_bus_message_peek_type)
FAILING_SYSTEMD(sd_bus_message_read)
FAILING_SYSTEMD(sd_bus_message_read_basic)
FAILING_SYSTEMD(sd_bus_message_rewind)
FAILING_SYSTEMD(sd_bus_message_seal)
FAILING_SYSTEMD(sd_bus_message_skip)
FAILING_SYSTEMD(sd_bus_open_system)
FAILING_SYSTEMD(sd_bus_path_encode)
FAILING_SYSTEMD(sd_id128_get_machine)
FAILING_SYSTEMD(sd_journal_add_conjunction)
FAILING_SYSTEMD(sd_journal_add_disjunction)
FAILING_SYSTEMD(sd_journal_add_match)
FAILING_SYSTEMD(sd_journal_get_data)
FAILING_SYSTEMD(sd_journal_get_events)
FAILING_SYSTEMD(sd_journal_get_fd)
FAILING_SYSTEMD(sd_journal_get_realtime_usec)
FAILING_SYSTEMD(sd_journal_get_timeout)
FAILING_SYSTEMD(sd_journal_has_persistent_files)
FAILING_SYSTEMD(sd_journal_has_runtime_files)
FAILING_SYSTEMD(sd_journal_next)
FAILING_SYSTEMD(sd_journal_open_namespace)
FAILING_SYSTEMD(sd_journal_previous)
FAILING_SYSTEMD(sd_journal_process)
FAILING_SYSTEMD(sd_journal_seek_head)
FAILING_SYSTEMD(sd_journal_seek_realtime_usec)
FAILING_SYSTEMD(sd_journal_seek_tail)
