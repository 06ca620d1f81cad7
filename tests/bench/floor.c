/*
 * The smallest program that can answer a request: no libc, no parser, no file; reads once, writes a
 * fixed response of 1 KiB, exits. Shows the fixed cost of one process per connection.
 */
#include <stddef.h>
#include <sys/syscall.h>

#define BODY_64 "This is not a page, but it is as long as one. It is 64 in all.\r\n"
#define BODY_256 BODY_64 BODY_64 BODY_64 BODY_64

static const char RESPONSE[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    "Content-Length: 1024\r\nConnection: close\r\n\r\n" BODY_256 BODY_256 BODY_256 BODY_256;

void _start(void);

static long call(long number, long first, const void *second, size_t third)
{
#if defined __x86_64__
	long result;
	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(first), "S"(second), "d"(third)
	                 : "rcx", "r11", "memory");
	return result;
#elif defined __aarch64__
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = first;
	register const void *x1 __asm__("x1") = second;
	register size_t x2 __asm__("x2") = third;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
#endif
}

void _start(void)
{
	static char request[4096];
	call(SYS_read, 0, request, sizeof request);
	call(SYS_write, 1, RESPONSE, sizeof RESPONSE - 1);
	call(SYS_exit_group, 0, NULL, 0);
	__builtin_unreachable();
}
