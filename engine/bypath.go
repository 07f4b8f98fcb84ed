package engine

import "github.com/causeway-app/causeway/engine/link"

// byPath counts payload, both ways together, by the way it went.
type byPath struct{ lan, internet, relayed int64 }

func (b byPath) plus(more byPath) byPath {
	return byPath{b.lan + more.lan, b.internet + more.internet, b.relayed + more.relayed}
}

// payload counts what was exchanged with peers, each of lan and relayed as a part
// of in and out together.
type payload struct{ in, out, lan, relayed int64 }

func (p payload) plus(more payload) payload {
	return payload{p.in + more.in, p.out + more.out, p.lan + more.lan, p.relayed + more.relayed}
}

func (p payload) byPath() byPath {
	return byPath{p.lan, p.in + p.out - p.lan - p.relayed, p.relayed}
}

// sample is the counters of a RateSample.
func (p payload) sample() RateSample { return RateSample{p.in + p.out - p.relayed, p.relayed} }

// counted reads the counters of a stream. The parts are read before what they
// are parts of, for it goes on meanwhile.
func counted(s *link.Stream) payload {
	p := payload{lan: s.LAN(), relayed: s.Relayed()}
	p.in, p.out = s.In(), s.Out()
	return p
}

// counts are the payload bytes exchanged with the peer in this transfer.
func (m *member) counts() payload {
	if m.stream == nil {
		return m.past
	}
	return m.past.plus(counted(m.stream))
}

// exchanged is the payload of this run.
func (t *transfer) exchanged() payload {
	sum := t.gone
	for _, m := range t.members {
		sum = sum.plus(m.counts())
	}
	return sum
}

// went is the payload of a transfer, in earlier runs too.
func (t *transfer) went() byPath { return t.earlier.plus(t.exchanged().byPath()) }

// relayed is the part of it that relays have carried.
func (t *transfer) relayed() int64 {
	sum := t.earlier.relayed + t.gone.relayed
	for _, m := range t.members {
		sum += m.counts().relayed
	}
	return sum
}

// went is what the record knows of it.
func (r *record) went() byPath { return byPath{r.ByLAN, r.ByInternet, r.Relayed} }

func (r *record) setWent(b byPath) { r.ByLAN, r.ByInternet, r.Relayed = b.lan, b.internet, b.relayed }
