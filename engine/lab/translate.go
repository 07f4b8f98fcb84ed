//go:build linux

package lab

// translateOut gives a packet the router's outside address and a port.
func (r *Router) translateOut(p *packet) bool {
	now := r.lab.now()
	switch p.kind {
	case udp, tcp, echo:
		if p.kind == echo && p.from.port == 0 {
			return false // an answer to a question that never came in
		}
		port, ok := r.table.out(flow{p.kind, p.from, p.to}, now)
		if ok {
			p.setFrom(endpoint{r.Outside().As16(), port})
		}
		return ok
	case icmpError:
		// About a packet that came in: what it was sent to is an inside
		// endpoint, which the outside knows by another name.
		q, ok := p.quote()
		if !ok {
			return false
		}
		port, ok := r.table.known(flow{q.kind, q.to, q.from}, now)
		if !ok {
			return false
		}
		p.requoteTo(q, endpoint{r.Outside().As16(), port})
		p.setAddress(12, r.Outside().As16())
		return true
	default:
		return false
	}
}

// translateIn gives a packet the inside address that it is for, if it may pass.
func (r *Router) translateIn(p *packet) bool {
	now := r.lab.now()
	switch p.kind {
	case udp, tcp, echo:
		inside, ok := r.table.in(p.kind, p.from, p.to.port, now)
		if ok {
			p.setTo(inside)
		}
		return ok
	case icmpError:
		// About a packet that went out (RFC 5508 REQ-4): it may come from any
		// router on the way, but only about somebody whom the inside sent to.
		q, ok := p.quote()
		if !ok {
			return false
		}
		inside, ok := r.table.in(q.kind, q.to, q.from.port, now)
		if !ok {
			return false
		}
		p.requoteFrom(q, inside)
		p.setAddress(16, inside.address)
		return true
	default:
		return false
	}
}

// hairpin turns a packet from the inside to the router's outside address back
// in, from an outside address too (RFC 4787 REQ-9).
func (r *Router) hairpin(from *node, p *packet) {
	now := r.lab.now()
	if !r.rules.Load().Hairpin || p.kind != udp && p.kind != tcp {
		r.lab.drop(p, r.name, "no hairpin")
		return
	}
	if r.rules.Load().blocks(p) || !r.translateOut(p) {
		r.lab.drop(p, r.name, "blocked")
		return
	}
	inside, ok := r.table.in(p.kind, p.from, p.to.port, now)
	if !ok {
		r.lab.drop(p, r.name, "unsolicited")
		return
	}
	p.setTo(inside)
	to := r.inner.find(inside.address)
	switch {
	case to == nil:
		r.lab.drop(p, r.name, "nobody has this address")
	case r.inner.isCut(from, to):
		r.lab.drop(p, r.name, "cut")
	default:
		to.down.send(p)
	}
}

// noteOut remembers a packet that leaves untranslated.
func (t *table) noteOut(p *packet, now int64) {
	if p.kind != icmpError && p.kind != other {
		t.out(flow{p.kind, p.from, p.to}, now)
	}
}

// admits reports whether an untranslated packet may come in.
func (t *table) admits(p *packet, now int64) bool {
	switch p.kind {
	case icmpError:
		q, ok := p.quote()
		return ok && t.passes(flow{q.kind, q.from, q.to}, now)
	default:
		return t.passes(flow{p.kind, p.to, p.from}, now)
	}
}
