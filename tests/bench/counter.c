/*
 * The cost of a hit in counter files of several sizes, and with concurrent writers.
 *
 * counter grow DIRECTORY ROUNDS TIMES RESOURCES...: makes a counter file for each number of
 * resources, and adds hits to random resources, in turns of TIMES hits. Prints the median of the
 * turns for each file, in microseconds per hit.
 *
 * counter crowd DIRECTORY WRITERS TIMES: WRITERS processes add TIMES hits each, all to one resource,
 * then each to its own. Prints hits per second for both. Fails if a hit is lost.
 */
#include "counter/add.h"
#include "counter/open.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 8, ROUNDS_MAX = 1000, WAIT_MS = 60000 };

struct counter {
	int file;
	uint64_t resources;
	double taken[ROUNDS_MAX];
};

static double now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int open_counter(const char *directory, const char *name)
{
	char path[4096];
	const char *loss = NULL;
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	(void)unlink(path);
	int file = counter_open(path, &loss);
	if (file < 0) {
		fprintf(stderr, "counter: %s: %s\n", path, loss);
		exit(1);
	}
	return file;
}

/* Adds to the resource with this number; returns its count. */
static uint64_t add(int file, uint64_t number, uint64_t amount)
{
	char path[64];
	int length =
	    snprintf(path, sizeof path, "/articles/%llu/index.html", (unsigned long long)number);
	struct counter_result result =
	    counter_add_amount(file, path, (size_t)length, amount, WAIT_MS);
	if (result.error != NULL) {
		fprintf(stderr, "counter: %s\n", result.error);
		exit(1);
	}
	return result.count;
}

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;
	return (difference > 0) - (difference < 0);
}

static double turn(const struct counter *counter, long times)
{
	double began = now_us();
	for (long i = 0; i < times; i++)
		add(counter->file, (uint64_t)random() % counter->resources, 1);
	return (now_us() - began) / (double)times;
}

static void grow(const char *directory, long rounds, long times, char **numbers, int count)
{
	static struct counter counters[FILES_MAX];
	for (int i = 0; i < count; i++) {
		counters[i].resources = strtoull(numbers[i], NULL, 10);
		counters[i].file = open_counter(directory, numbers[i]);
		for (uint64_t n = 0; n < counters[i].resources; n++)
			add(counters[i].file, n, 0);
	}
	for (long round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			counters[i].taken[round] = turn(&counters[i], times);
	for (int i = 0; i < count; i++) {
		qsort(counters[i].taken, (size_t)rounds, sizeof counters[i].taken[0], compare);
		printf("%.2f\n", counters[i].taken[rounds / 2]);
	}
}

static void crowd(const char *directory, long writers, long times, bool one)
{
	int file = open_counter(directory, one ? "one" : "many");
	double began = now_us();
	for (long writer = 0; writer < writers; writer++) {
		if (fork() != 0)
			continue;
		/* flock() locks belong to an open file: each process opens its own. */
		char name[64];
		const char *loss;
		(void)snprintf(name, sizeof name, "/proc/self/fd/%d", file);
		int own = counter_open(name, &loss);
		for (long i = 0; i < times; i++)
			add(own, one ? 0 : (uint64_t)writer, 1);
		_exit(0);
	}
	int status, failed = 0;
	while (wait(&status) > 0)
		failed += status != 0;
	double taken = now_us() - began;
	uint64_t counted = 0;
	for (long writer = 0; writer < writers; writer++)
		counted += add(file, (uint64_t)writer, 0);
	if (failed > 0 || counted != (uint64_t)(writers * times)) {
		fputs("counter: hits were lost\n", stderr);
		exit(1);
	}
	printf("%.0f\n", (double)(writers * times) / taken * 1e6);
}

int main(int argc, char **argv)
{
	if (argc > 5 && argc - 5 <= FILES_MAX && strcmp(argv[1], "grow") == 0) {
		long rounds = strtol(argv[3], NULL, 10);
		grow(argv[2], rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX, strtol(argv[4], NULL, 10),
		     argv + 5, argc - 5);
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "crowd") == 0) {
		crowd(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10), true);
		crowd(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10), false);
		return 0;
	}
	fputs("usage: counter grow DIRECTORY ROUNDS TIMES RESOURCES... | "
	      "counter crowd DIRECTORY WRITERS TIMES\n",
	      stderr);
	return 2;
}
