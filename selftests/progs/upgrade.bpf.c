// SPDX-License-Identifier: GPL-2.0
/* Every probe has a number. Records for each that it was seen, and by which version. */
#include "probe.h"
#include "upgrade.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_PACKETS);
	__type(key, __u32);
	__type(value, struct sighting);
} sightings SEC(".maps");

const volatile __u32 version;

SEC("tc")
int see(struct __sk_buff *skb)
{
	struct sighting *s;
	__u32 slot;

	if (!is_probe(skb) || bpf_skb_load_bytes(skb, 14 + 20 + 8, &slot, sizeof(slot)))
		return TC_ACT_UNSPEC;
	slot = slot * 2 + (skb->ingress_ifindex ? 0 : 1);
	s = bpf_map_lookup_elem(&sightings, &slot);
	if (s) {
		__sync_fetch_and_add(&s->times, 1);
		s->version = version;
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
