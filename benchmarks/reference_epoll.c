/* The floor for a prober: what TCP connects cost in C with one epoll, and the acceptor both sides are measured against.
 *
 *   reference_epoll accept PORT                      accepts on 0.0.0.0:PORT for ever; prints "ready"
 *   reference_epoll connect PORT COUNT FLIGHT RATE   connects COUNT times, FLIGHT at once; RATE 0: as fast as it goes,
 *                                                    else RATE a second in ticks of 50 ms
 *
 * Targets are 127.1.0.1 to 127.1.0.200 in turn, so that source ports never run out. connect prints
 * "CPU_MICROSECONDS_PER_CONNECT CONNECTS_PER_SECOND".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reference.h"

enum { BATCH = 64, TARGETS = 200, TICK_US = 50000 };

static void serve(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, epoll = epoll_create1(0);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};
    struct epoll_event events[BATCH], event = {.events = EPOLLIN, .data.fd = listener};
    char bytes[4096];
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&place, sizeof place) || listen(listener, 4096)) die("listen");
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (read(fd, bytes, sizeof bytes) <= 0) close(fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                event.events = EPOLLIN;
                event.data.fd = fd;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}

static void start(int epoll, int port, long number) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLOUT};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    place.sin_addr.s_addr = htonl(0x7f010001 + number % TARGETS);
    if (connect(fd, (struct sockaddr *)&place, sizeof place) && errno != EINPROGRESS) die("connect");
    event.data.fd = fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void dial(int port, long count, long flight, long rate) {
    int epoll = epoll_create1(0);
    struct epoll_event events[BATCH];
    long begun = 0, done = 0;
    double began_us = wall_us(), cpu_began_us = cpu_us(), tick_us = began_us;
    while (done < count) {
        int timeout_ms = -1;
        long wanted = rate ? (long)((tick_us - began_us + TICK_US) / 1e6 * rate) : begun + flight;
        while (begun < count && begun < wanted && begun - done < flight) start(epoll, port, begun++);
        if (rate) {
            double left_us = tick_us + TICK_US - wall_us();
            if (left_us <= 0) {
                tick_us += TICK_US;
                continue;
            }
            timeout_ms = (int)(left_us / 1000) + 1;
        }
        int ready = epoll_wait(epoll, events, BATCH, timeout_ms);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd, error = 0;
            socklen_t size = sizeof error;
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error) {
                fprintf(stderr, "connect: %s\n", strerror(error));
                exit(1);
            }
            close(fd);
            done++;
        }
    }
    printf("%.3f %.1f\n", (cpu_us() - cpu_began_us) / count, count / (wall_us() - began_us) * 1e6);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "accept")) serve(atoi(argv[2]));
    if (argc != 6 || strcmp(argv[1], "connect")) return 64;
    dial(atoi(argv[2]), atol(argv[3]), atol(argv[4]), atol(argv[5]));
    return 0;
}
