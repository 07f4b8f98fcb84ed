//go:build linux

package lab

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
)

// node is a computer or a router in the tree whose root is the internet, with
// its link to what is above it.
type node struct {
	name     string
	parent   *Router // nil on the internet
	up, down *pipe
}

// hub is where packets turn from one node to another: the internet, or the
// inside of a router. Looking things up takes no lock.
type hub struct {
	mu     sync.Mutex
	routes atomic.Pointer[map[[16]byte]*node]
	cuts   atomic.Pointer[map[[2]*node]int]
}

func newHub() *hub {
	h := &hub{}
	h.routes.Store(&map[[16]byte]*node{})
	h.cuts.Store(&map[[2]*node]int{})
	return h
}

func (h *hub) find(address [16]byte) *node { return (*h.routes.Load())[address] }

// isCut reports whether packets between two nodes are dropped.
func (h *hub) isCut(a, b *node) bool {
	cuts := *h.cuts.Load()
	return len(cuts) > 0 && (cuts[[2]*node{a, b}] > 0 || cuts[[2]*node{b, a}] > 0)
}

func (h *hub) route(address netip.Addr, to *node) {
	h.mu.Lock()
	defer h.mu.Unlock()
	routes := maps.Clone(*h.routes.Load())
	if to == nil {
		delete(routes, address.As16())
	} else {
		routes[address.As16()] = to
	}
	h.routes.Store(&routes)
}

// cut adds to how often two nodes have been cut apart.
func (h *hub) cut(a, b *node, add int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	cuts := maps.Clone(*h.cuts.Load())
	key := [2]*node{a, b}
	if _, turned := cuts[[2]*node{b, a}]; turned {
		key = [2]*node{b, a}
	}
	cuts[key] = max(0, cuts[key]+add)
	h.cuts.Store(&cuts)
}

// hub is where the node's packets turn.
func (n *node) hub(l *Lab) *hub {
	if n.parent == nil {
		return l.core
	}
	return n.parent.inner
}

// line is what one link does: lines after each other.
func (l Line) after(o Line) Line {
	l.Delay += o.Delay
	l.Jitter += o.Jitter
	l.Loss = 1 - (1-l.Loss)*(1-o.Loss)
	if l.Rate == 0 || o.Rate != 0 && o.Rate < l.Rate {
		l.Rate, l.Queue = o.Rate, o.Queue
	}
	return l
}
