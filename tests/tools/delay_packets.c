/*
 * A slow path between two network namespaces, for kernels without netem:
 *
 * delay_packets MS NAMESPACE NAMESPACE
 *
 * makes the network device "delayed" in each of the namespaces (files such as /proc/PID/ns/net), and passes each
 * IP packet that is sent on one of them to the other, MS milliseconds later. It runs until it is killed.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS_MAX = 4096, PACKET_SIZE = 2048, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

struct packet {
	int64_t due_ns;
	size_t length;
	unsigned char data[PACKET_SIZE];
};

/* The packets from one device to another, oldest first. */
struct path {
	int from, to;
	size_t first, count;
	struct packet packets[PACKETS_MAX];
};

static struct path paths[2];
static int64_t delay_ns;

static int stop(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Returns the descriptor of a new device in this namespace. */
static int make_device(const char *namespace)
{
	struct ifreq request = {.ifr_name = "delayed"};
	int file = open(namespace, O_RDONLY | O_CLOEXEC);
	if (file < 0 || setns(file, CLONE_NEWNET) != 0)
		stop(namespace);
	close(file);
	int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0)
		stop("/dev/net/tun");
	return device;
}

/* Packets for which there is no room are lost, as in a router. */
static void receive(struct path *path)
{
	static unsigned char lost[PACKET_SIZE];
	for (;;) {
		bool has_room = path->count < PACKETS_MAX;
		struct packet *packet = &path->packets[(path->first + path->count) % PACKETS_MAX];
		ssize_t length = read(path->from, has_room ? packet->data : lost, PACKET_SIZE);
		if (length <= 0)
			return;
		if (!has_room)
			continue;
		packet->length = (size_t)length;
		packet->due_ns = now_ns() + delay_ns;
		path->count++;
	}
}

/* Passes on what is due. Returns when the next packet is due, or INT64_MAX. */
static int64_t send_due(struct path *path)
{
	while (path->count > 0) {
		struct packet *packet = &path->packets[path->first];
		if (packet->due_ns > now_ns())
			return packet->due_ns;
		/* Fails while the device is down: the packet is lost. */
		if (write(path->to, packet->data, packet->length) < 0)
			(void)0;
		path->first = (path->first + 1) % PACKETS_MAX;
		path->count--;
	}
	return INT64_MAX;
}

int main(int count, char **arguments)
{
	if (count != 4)
		return 2;
	delay_ns = strtol(arguments[1], NULL, 10) * NS_PER_MS;
	for (int i = 0; i < 2; i++)
		paths[i].from = paths[1 - i].to = make_device(arguments[2 + i]);
	for (;;) {
		struct pollfd devices[] = {{.fd = paths[0].from, .events = POLLIN},
		                           {.fd = paths[1].from, .events = POLLIN}};
		int64_t next = INT64_MAX, wait = -1;
		for (int i = 0; i < 2; i++) {
			receive(&paths[i]);
			int64_t due = send_due(&paths[i]);
			next = due < next ? due : next;
		}
		if (next != INT64_MAX)
			wait = next > now_ns() ? next - now_ns() : 0;
		struct timespec timeout = {wait / NS_PER_S, wait % NS_PER_S};
		ppoll(devices, 2, wait < 0 ? NULL : &timeout, NULL);
	}
}
