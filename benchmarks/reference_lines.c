/* The floor for a conversation in lines: what it costs in C, one after the other, with a server that speaks first.
 *
 *   reference_lines ADDRESS PORT COUNT LINE...   COUNT times: connect, wait for the greeting, say each LINE once
 *                                                something has come, read until the server closes
 *
 * Nothing is checked and nothing is kept: no client that holds the same conversation does less. Prints
 * "CPU_MICROSECONDS_PER_CONVERSATION CONVERSATIONS_PER_SECOND".
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

enum { BYTES = 65536 };

static void converse(int epoll, const struct sockaddr_in *place, int lines, char **line) {
    static char bytes[BYTES];
    struct epoll_event event = {.events = EPOLLOUT}, ready;
    int said = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    if (connect(fd, (const struct sockaddr *)place, sizeof *place) && errno != EINPROGRESS) die("connect");
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_wait(epoll, &ready, 1, -1);
    event.events = EPOLLIN;
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    for (;;) {
        epoll_wait(epoll, &ready, 1, -1);
        if (recv(fd, bytes, sizeof bytes, 0) <= 0) break;
        if (said < lines) {
            char text[256];
            int length = snprintf(text, sizeof text, "%s\r\n", line[said++]);
            if (send(fd, text, length, MSG_NOSIGNAL) != length) break;
        }
    }
    if (said < lines) {
        fprintf(stderr, "the server closed after %d lines\n", said);
        exit(1);
    }
    close(fd);
}

int main(int argc, char **argv) {
    if (argc < 5) return 64;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &place.sin_addr) != 1) return 64;
    int epoll = epoll_create1(0), lines = argc - 4;
    long count = atol(argv[3]);
    double began_us = wall_us(), cpu_began_us = cpu_us();
    for (long i = 0; i < count; i++) converse(epoll, &place, lines, argv + 4);
    printf("%.3f %.1f\n", (cpu_us() - cpu_began_us) / count, count / (wall_us() - began_us) * 1e6);
    return 0;
}
