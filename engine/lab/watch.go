//go:build linux

package lab

import (
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"
)

// Sighting is a packet that was seen somewhere.
type Sighting struct {
	// Where is "internet", the name of the router inside which the packet
	// stays, or the name of the computer that sends it.
	Where string
	// From and To are as seen there: outside addresses on the internet. The
	// ports are 0 for other protocols than UDP and TCP.
	From, To netip.AddrPort
	// Protocol is "udp", "tcp", "icmp", or a number.
	Protocol string
	// Size is in bytes, IP header included.
	Size int
}

// tap is somebody who watches.
type tap struct{ see func(Sighting) }

// Watch shows every packet that turns from one network to another: on the
// internet, and between computers inside one router, dropped ones included.
// It is called from several goroutines, and holds the packet up meanwhile. The
// returned function ends it.
func (l *Lab) Watch(see func(Sighting)) (stop func()) { return watch(&l.taps, see) }

// Watch shows every packet that the computer sends, as it sends it.
func (h *Host) Watch(see func(Sighting)) (stop func()) { return watch(&h.taps, see) }

func watch(taps *atomic.Pointer[[]*tap], see func(Sighting)) (stop func()) {
	mine := &tap{see}
	update := func(change func([]*tap) []*tap) {
		for {
			before := taps.Load()
			after := change(slices.Clone(*before))
			if taps.CompareAndSwap(before, &after) {
				return
			}
		}
	}
	update(func(all []*tap) []*tap { return append(all, mine) })
	return func() {
		update(func(all []*tap) []*tap { return slices.DeleteFunc(all, func(t *tap) bool { return t == mine }) })
	}
}

func (l *Lab) show(where string, p *packet) { show(l.taps.Load(), where, p) }

func show(taps *[]*tap, where string, p *packet) {
	if len(*taps) == 0 {
		return
	}
	seen := Sighting{Where: where, From: p.from.addrPort(), To: p.to.addrPort(), Size: p.size}
	switch p.protocol {
	case protocolUDP:
		seen.Protocol = "udp"
	case protocolTCP:
		seen.Protocol = "tcp"
	case protocolICMP, protocolICMPv6:
		seen.Protocol = "icmp"
	default:
		seen.Protocol = strconv.Itoa(int(p.protocol))
	}
	for _, t := range *taps {
		t.see(seen)
	}
}
