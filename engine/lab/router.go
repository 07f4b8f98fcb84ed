//go:build linux

package lab

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// Router is between an inside and what is above it: the internet, or a carrier.
type Router struct {
	*node
	lab     *Lab
	inner   *hub
	rules   atomic.Pointer[NAT]
	table   *table // IPv4
	table6  *table
	network netip.Prefix            // inside IPv4; invalid without a Mapping
	site    lease                   // inside IPv6; invalid without
	gateway atomic.Pointer[gateway] // has the inside address; nil where nothing listens there
	kernel  *kernel                 // translates IPv4; nil where the lab does
	outside atomic.Pointer[lease]

	mu    sync.Mutex
	given int // inside addresses
	hosts int // IPv6 addresses
}

// Router adds a router to the internet.
func (l *Lab) Router(nat NAT) *Router {
	l.t.Helper()
	return l.newRouter(nat.Name+" router", nil, nat)
}

// Router adds a router behind this one, as homes are behind a carrier's.
func (r *Router) Router(nat NAT) *Router {
	r.lab.t.Helper()
	return r.lab.newRouter(nat.Name+" router", r, nat)
}

// Host adds a computer to the router's inside.
func (r *Router) Host(name string) *Host {
	r.lab.t.Helper()
	h := r.lab.newHost(name, r, r.site.prefix.IsValid())
	if !r.rules.Load().NoIPv4 {
		h.take(r.lease4())
	}
	if r.site.prefix.IsValid() {
		h.take(r.nextLease6())
	}
	return h
}

func (l *Lab) newRouter(name string, parent *Router, nat NAT) *Router {
	l.t.Helper()
	r := &Router{node: &node{name: name, parent: parent}, lab: l, inner: newHub()}
	r.rules.Store(&nat)
	r.table = newTable(&nat, nat.Filtering)
	six := NAT{Mapping: NoMapping, Idle: nat.Idle}
	r.table6 = newTable(&six, nat.filtering6())
	if nat.IPv6 && !nat.Carrier {
		r.site = l.lease6()
	}
	l.join(r.node, r.fromOutside)
	l.setLine(r.node, nat.Line)
	if nat.Mapping == NoMapping {
		if nat.Kernel != NotKernel || nat.Ports != nil {
			l.t.Fatalf("lab: %s: only a router with a Mapping has Kernel or Ports", name)
		}
		return r
	}
	r.network = r.insideNetwork()
	if outside := r.lease4Above(); !nat.NoIPv4 {
		r.outside.Store(&outside)
		l.announce(r.node, outside.prefix.Addr(), true)
	}
	if nat.Kernel != NotKernel {
		r.startKernel(nat.Kernel)
	}
	r.setPorts(nat.Ports)
	return r
}

// insideNetwork is where the inside is: every home has the same one, unless it
// is behind another home router.
func (r *Router) insideNetwork() netip.Prefix {
	if r.rules.Load().Carrier {
		return netip.MustParsePrefix("100.64.0.0/10")
	}
	number := byte(1)
	for above := r.parent; above != nil; above = above.parent {
		if !above.rules.Load().Carrier && above.network.IsValid() {
			number++
		}
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, number, 0}), 24)
}

// lease4 gives out an inside IPv4 address.
func (r *Router) lease4() lease {
	if !r.network.IsValid() {
		return r.lease4Above()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.given++
	return leaseAt(r.network, 9+r.given)
}

func (r *Router) lease4Above() lease {
	if r.parent == nil {
		return r.lab.lease4(&r.lab.homes)
	}
	return r.parent.lease4()
}

func (r *Router) nextLease6() lease {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts++
	return leaseAt(r.site.prefix.Masked(), 9+r.hosts)
}

// Name is the router's name in messages.
func (r *Router) Name() string { return r.name }

// Inside is the router's address towards the inside; invalid without a Mapping.
func (r *Router) Inside() netip.Addr {
	if !r.network.IsValid() {
		return netip.Addr{}
	}
	return leaseAt(r.network, 1).prefix.Addr()
}

// Outside is the router's address towards the internet or its carrier; invalid
// without a Mapping, where each computer has one of its own.
func (r *Router) Outside() netip.Addr {
	if outside := r.outside.Load(); outside != nil {
		return outside.prefix.Addr()
	}
	return netip.Addr{}
}

// fromInside takes what a node inside sends.
func (r *Router) fromInside(from *node, p *packet) {
	if r.inner.find(p.from.address) != from {
		r.lab.drop(p, r.name, "not the sender's address")
		return
	}
	if to := r.inner.find(p.to.address); to != nil {
		r.turn(from, to, p)
		return
	}
	address := netip.AddrFrom16(p.to.address).Unmap()
	switch {
	case address.IsMulticast():
		r.multicast(from, p)
	case address == r.Inside():
		r.toItself(from, p)
	case !p.age():
		r.lab.drop(p, r.name, "too old")
	case r.kernel != nil && p.version == 4:
		r.toKernel(from, p)
	case address == r.Outside():
		r.hairpin(from, p)
	default:
		r.leave(from, p)
	}
}

// turn takes a packet from one node inside to another.
func (r *Router) turn(from, to *node, p *packet) {
	r.lab.show(r.name, p)
	switch {
	case r.rules.Load().Isolate && from != to:
		r.lab.drop(p, r.name, "isolated")
	case r.inner.isCut(from, to):
		r.lab.drop(p, r.name, "cut")
	default:
		to.down.send(p)
	}
}

// multicast gives a packet to everybody else inside.
func (r *Router) multicast(from *node, p *packet) {
	if !r.rules.Load().Isolate {
		r.toAll(from, p)
	}
	if g := r.gateway.Load(); g != nil && p.version == 4 {
		g.device.write(p)
		return
	}
	p.release()
}

// toAll gives a copy of a packet to every node inside but one.
func (r *Router) toAll(but *node, p *packet) {
	given := map[*node]bool{but: true}
	for _, to := range *r.inner.routes.Load() {
		if !given[to] {
			given[to] = true
			to.down.send(p.copy())
		}
	}
}

// toItself takes what is for the router's own inside address.
func (r *Router) toItself(from *node, p *packet) {
	switch g := r.gateway.Load(); {
	case g != nil:
		g.device.write(p)
	case r.kernel != nil:
		r.kernel.inside.write(p)
	default:
		r.reject(from, p, "nothing listens on the router")
	}
}

// reject drops a packet, and says so to the sender if it is such a router.
func (r *Router) reject(from *node, p *packet, why string) {
	if r.rules.Load().Answer {
		by := r.Inside()
		if p.version == 6 {
			by = r.site.gateway
		}
		if !by.IsValid() {
			by = r.lease4Gateway()
		}
		if answer := p.refuse(by.As16()); answer != nil {
			from.down.send(answer)
		}
	}
	r.lab.drop(p, r.name, why)
}

// lease4Gateway is what a router without an address calls itself: the gateway
// that its computers know.
func (r *Router) lease4Gateway() netip.Addr {
	for above := r.parent; above != nil; above = above.parent {
		if inside := above.Inside(); inside.IsValid() {
			return inside
		}
	}
	return r.lab.homes.networks[0].Addr().Next()
}

// private reports whether an address means nothing on the internet.
func private(address netip.Addr) bool {
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || carrierNetwork.Contains(address)
}

var carrierNetwork = netip.MustParsePrefix("100.64.0.0/10")

// leave takes a packet out.
func (r *Router) leave(from *node, p *packet) {
	rules := r.rules.Load()
	switch {
	case rules.blocks(p):
		r.reject(from, p, "blocked")
	case rules.DropPrivate && private(netip.AddrFrom16(p.to.address).Unmap()):
		r.reject(from, p, "private")
	case p.version == 4 && r.network.IsValid():
		if r.translateOut(p) {
			r.up.send(p)
		} else {
			r.lab.drop(p, r.name, "cannot be translated")
		}
	default:
		r.tableFor(p).noteOut(p, r.lab.now())
		r.up.send(p)
	}
}

func (r *Router) tableFor(p *packet) *table {
	if p.version == 6 {
		return r.table6
	}
	return r.table
}

// fromOutside takes what arrives from above.
func (r *Router) fromOutside(p *packet) {
	if !p.age() {
		r.lab.drop(p, r.name, "too old")
		return
	}
	switch {
	case r.rules.Load().BlockUDP && p.kind == udp:
		r.lab.drop(p, r.name, "blocked")
		return
	case p.version == 4 && r.kernel != nil:
		r.kernel.outside.write(p)
		return
	case p.version == 4 && r.network.IsValid():
		if !r.translateIn(p) {
			r.lab.drop(p, r.name, "unsolicited")
			return
		}
	case !r.tableFor(p).admits(p, r.lab.now()):
		r.lab.drop(p, r.name, "unsolicited")
		return
	}
	r.toInside(p)
}

// toInside delivers to a node inside.
func (r *Router) toInside(p *packet) {
	if to := r.inner.find(p.to.address); to != nil {
		to.down.send(p)
		return
	}
	r.lab.drop(p, r.name, "nobody has this address")
}

// Set changes the router's rules while it runs, such as opening what was
// blocked. Whether it translates, by what, and its networks stay.
func (r *Router) Set(nat NAT) {
	r.lab.t.Helper()
	before := r.rules.Load()
	if (nat.Mapping == NoMapping) != (before.Mapping == NoMapping) || nat.Kernel != before.Kernel ||
		nat.Carrier != before.Carrier || nat.IPv6 != before.IPv6 || nat.NoIPv4 != before.NoIPv4 {
		r.lab.t.Fatalf("lab: %s cannot become %s while it runs", r.name, nat.Name)
	}
	r.rules.Store(&nat)
	r.table.set(&nat, nat.Filtering)
	r.table6.set(&NAT{Mapping: NoMapping, Idle: nat.Idle}, nat.filtering6())
	r.lab.setLine(r.node, nat.Line)
	if nat.Ports != before.Ports {
		r.setPorts(nat.Ports)
	}
}

// NAT returns the router's rules, to change and Set them.
func (r *Router) NAT() NAT { return *r.rules.Load() }
