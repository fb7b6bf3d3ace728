/* SPDX-License-Identifier: MIT */
/*
 * floor.c - the least that reading a capture with libpcap costs: a loop that
 * gets each packet and touches its first and last byte.
 *
 *   floor FILE
 */
#include <stdint.h>
#include <stdio.h>

#include <pcap/pcap.h>

int
main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *p = argc > 1 ? pcap_open_offline(argv[1], error) : NULL;
    if (!p) {
        fprintf(stderr, "floor: %s\n", argc > 1 ? error : "no file");
        return 1;
    }
    struct pcap_pkthdr *head;
    const u_char *data;
    unsigned long packets = 0, touched = 0;
    int got;
    while ((got = pcap_next_ex(p, &head, &data)) == 1) {
        packets++;
        if (head->caplen)
            touched += (unsigned long)data[0] + data[head->caplen - 1];
    }
    printf("%lu packets, %lu\n", packets, touched);
    pcap_close(p);
    return got == PCAP_ERROR_BREAK ? 0 : 1;
}
