package rendezvous

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// clientPath is a connection of a TURN client by TCP or TLS.
type clientPath struct{ from, to netip.AddrPort }

// meter counts what a TURN client's TCP connection carries. Until the client
// has an allocation, nobody is known to count it for.
type meter struct {
	early tally // before the first allocation
	relay atomic.Pointer[relay]
}

func (m *meter) received(count int) {
	if r := m.relay.Load(); r != nil {
		r.received(count)
		return
	}
	m.early.fromClient.Add(uint64(count))
}

func (m *meter) sent(count int) {
	if r := m.relay.Load(); r != nil {
		r.sent(count)
		return
	}
	m.early.toClient.Add(uint64(count))
}

// attach counts for an allocation from now on, and what came before it. Only
// the goroutine that reads the connection calls it, and until then nothing else
// reads or writes there.
func (m *meter) attach(r *relay) {
	if m.relay.Swap(r) == nil {
		r.received(int(m.early.fromClient.Load()))
		r.sent(int(m.early.toClient.Load()))
	}
}

// meteredConn is a client's TCP connection below TLS.
type meteredConn struct {
	net.Conn
	meter  *meter
	path   clientPath
	relays *relays
}

func (r *relays) meterStream(conn net.Conn) *meteredConn {
	c := &meteredConn{Conn: conn, meter: &meter{}, path: clientPath{addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr())}, relays: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams[c.path] = c.meter
	return c
}

func (c *meteredConn) Read(data []byte) (int, error) {
	n, err := c.Conn.Read(data)
	c.meter.received(n)
	return n, err
}

func (c *meteredConn) Write(data []byte) (int, error) {
	n, err := c.Conn.Write(data)
	c.meter.sent(n)
	return n, err
}

func (c *meteredConn) Close() error {
	c.relays.mu.Lock()
	if c.relays.streams[c.path] == c.meter {
		delete(c.relays.streams, c.path)
	}
	c.relays.mu.Unlock()
	return c.Conn.Close()
}

// created ties a new allocation to its client, so that what goes between them
// is counted.
func (r *relays) created(from, to, relayed net.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	opened := r.byTold[addrPort(relayed)]
	if opened == nil {
		return
	}
	opened.client, opened.network = addrPort(from), from.Network()
	if opened.network == "udp" {
		r.byClient[opened.client] = opened
	} else if m := r.streams[clientPath{opened.client, addrPort(to)}]; m != nil {
		m.attach(opened)
	}
}

// ofClient is the relay of a client by UDP, nil if it has none.
func (r *relays) ofClient(from net.Addr) *relay {
	at := addrPort(from)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byClient[at]
}

// counters are those of every open relay that is tied to its client.
func (r *relays) counters() []AllocationCounters {
	r.mu.RLock()
	defer r.mu.RUnlock()
	open := make([]AllocationCounters, 0, len(r.byTold))
	for told, relay := range r.byTold {
		if relay.client.IsValid() {
			open = append(open, AllocationCounters{
				User: relay.name, Client: relay.client, Network: relay.network, Relayed: told, Since: relay.since, Traffic: relay.tally.traffic(),
			})
		}
	}
	return open
}
