//go:build linux

package lab

import "slices"

// Down takes the computer's interface down, as when its cable is pulled: it
// loses its link and its addresses.
func (h *Host) Down() {
	h.lab.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return
	}
	h.down = true
	if err := h.dev.setUp(false); err != nil {
		h.lab.t.Fatal(err)
	}
	for _, l := range h.leases {
		if err := h.dev.remove(l); err != nil {
			h.lab.t.Fatal(err)
		}
	}
}

// Up ends Down: link and addresses are back.
func (h *Host) Up() {
	h.lab.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.down {
		return
	}
	h.down = false
	if err := h.dev.setUp(true); err != nil {
		h.lab.t.Fatal(err)
	}
	for _, l := range h.leases {
		if err := h.dev.add(l); err != nil {
			h.lab.t.Fatal(err)
		}
	}
}

// Mute drops all packets of the computer, which cannot tell why: its link is
// up and it has its addresses.
func (h *Host) Mute() { h.mute.Store(true) }

// Unmute ends Mute.
func (h *Host) Unmute() { h.mute.Store(false) }

// SetLine changes what the computer's own link does.
func (h *Host) SetLine(line Line) { h.lab.setLine(h.node, line) }

// Readdress takes the computer's addresses away and gives it new ones, as when
// it changes to another network of the same kind.
func (h *Host) Readdress() {
	h.lab.t.Helper()
	h.mu.Lock()
	before, down := h.leases, h.down
	h.leases = nil
	h.mu.Unlock()
	if down {
		h.lab.t.Fatalf("lab: %s is down and cannot change its address", h.name)
	}
	for _, l := range before {
		if err := h.dev.remove(l); err != nil {
			h.lab.t.Fatal(err)
		}
		h.lab.announce(h.node, l.prefix.Addr(), false)
	}
	for _, l := range before {
		h.take(h.another(l))
	}
}

// another is a new lease in place of an old one.
func (h *Host) another(old lease) lease {
	h.lab.t.Helper()
	six := old.prefix.Addr().Is6()
	switch {
	case h.parent == nil && six:
		return h.lab.lease6()
	case h.parent == nil:
		return h.lab.lease4(&h.lab.servers)
	case six:
		return h.parent.nextLease6()
	default:
		return h.parent.lease4()
	}
}

// Readdress gives the router another outside address, as providers do over
// night. All mappings are lost, those asked for included; the inside keeps its
// addresses and learns nothing of it.
func (r *Router) Readdress() {
	r.lab.t.Helper()
	before := r.outside.Load()
	if before == nil {
		r.lab.t.Fatalf("lab: %s has no outside address of its own", r.name)
	}
	after := r.lease4Above()
	r.lab.announce(r.node, before.prefix.Addr(), false)
	r.outside.Store(&after)
	r.table.forget()
	if r.kernel != nil {
		r.readdressKernel(*before, after)
	}
	r.lab.announce(r.node, after.prefix.Addr(), true)
}

// Restart loses all mappings of the router, which keeps its address.
func (r *Router) Restart() {
	r.table.forget()
	r.table6.forget()
}

// Cut drops all packets between two computers, whatever the port, also after
// their addresses change. Where their ways part above their routers, everybody
// behind those is cut off as well; what goes through a relay is not.
func (l *Lab) Cut(a, b *Host) { l.cut(a, b, 1) }

// Join ends one Cut.
func (l *Lab) Join(a, b *Host) { l.cut(a, b, -1) }

func (l *Lab) cut(a, b *Host, add int) {
	left, right := a.way(), b.way()
	for _, n := range left {
		for _, m := range right {
			if n.parent == m.parent && n != m {
				n.hub(l).cut(n, m, add)
				return
			}
		}
	}
}

// way is the nodes from the computer up to the internet.
func (h *Host) way() []*node {
	all := []*node{h.node}
	for _, r := range h.Routers() {
		all = append(all, r.node)
	}
	return slices.Clip(all)
}
