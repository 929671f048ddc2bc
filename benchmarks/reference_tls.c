/* The floor for a TLS probe: connect, full handshake with chain and host name verified, the leaf read, goodbye.
 *
 *   reference_tls PORT COUNT CA_FILE NAME    one connection at a time to 127.0.0.1:PORT
 *
 * One context for all, no session is resumed. Prints "CPU_MICROSECONDS_PER_PROBE PROBES_PER_SECOND".
 * Compile with -lssl -lcrypto.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reference.h"

static void probe(SSL_CTX *context, int port, const char *name) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned char *der = NULL;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&place, sizeof place)) die("connect");
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    SSL_set_tlsext_host_name(tls, name);
    SSL_set1_host(tls, name);
    if (SSL_connect(tls) != 1) die("handshake");
    X509 *leaf = SSL_get1_peer_certificate(tls);
    if (!leaf || i2d_X509(leaf, &der) <= 0) die("certificate");
    OPENSSL_free(der);
    X509_free(leaf);
    SSL_shutdown(tls);
    SSL_free(tls);
    close(fd);
}

int main(int argc, char **argv) {
    if (argc != 5) return 64;
    int port = atoi(argv[1]);
    long count = atol(argv[2]);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_load_verify_locations(context, argv[3], NULL) != 1) die("trust anchors");
    double began_us = wall_us(), cpu_began_us = cpu_us();
    for (long number = 0; number < count; number++) probe(context, port, argv[4]);
    printf("%.3f %.1f\n", (cpu_us() - cpu_began_us) / count, count / (wall_us() - began_us) * 1e6);
    return 0;
}
