//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// gateway is the router's own namespace, where services listen on its inside.
type gateway struct {
	router *Router
	space  *namespace
	device *device

	mu   sync.Mutex
	stop func() // ends the service
}

// newGateway gives the router's inside address to a namespace.
func (r *Router) newGateway() *gateway {
	t := r.lab.t
	t.Helper()
	space, err := newNamespace()
	if err != nil {
		t.Fatalf("lab: a namespace for %s: %v", r.name, err)
	}
	r.lab.onClose(space.close)
	g := &gateway{router: r, space: space, stop: func() {}}
	if g.device, err = openDevice(space, "lan0"); err != nil {
		t.Fatalf("lab: %s: %v", r.name, err)
	}
	r.lab.onClose(g.device.close)
	if err := g.device.add(lease{prefix: leaseAt(r.network, 1).prefix}); err != nil {
		t.Fatalf("lab: %s: %v", r.name, err)
	}
	r.lab.work.Go(func() { g.device.serve(r.lab.ctx, g.send) })
	return g
}

// send takes what a service sends.
func (g *gateway) send(p *packet) {
	if !netip.AddrFrom16(p.to.address).Unmap().IsMulticast() {
		g.router.toInside(p)
		return
	}
	g.router.toAll(nil, p)
	p.release()
}

// serve replaces the running service; nil is none.
func (g *gateway) serve(service PortService) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop()
	g.stop = func() {}
	if service == nil {
		return
	}
	ctx, cancel := context.WithCancel(g.router.lab.ctx)
	ended := make(chan struct{})
	g.stop = func() {
		cancel()
		<-ended
	}
	g.router.lab.work.Go(func() {
		defer close(ended)
		if err := service.Serve(ctx, g.router, g); err != nil && ctx.Err() == nil {
			g.router.lab.t.Errorf("lab: the port service of %s: %v", g.router.name, err)
		}
	})
}

// setPorts changes the service of the router.
func (r *Router) setPorts(service PortService) {
	r.lab.t.Helper()
	g := r.gateway.Load()
	switch {
	case g == nil && service == nil:
		return
	case r.kernel != nil || !r.network.IsValid():
		r.lab.t.Fatalf("lab: %s cannot have Ports", r.name)
	case g == nil:
		g = r.newGateway()
		r.gateway.Store(g)
	}
	g.serve(service)
}

// ErrProtocol means a protocol that has no ports here.
var ErrProtocol = errors.New("lab: ports are of udp or tcp")

func kindOf(protocol string) (kind, error) {
	switch protocol {
	case "udp":
		return udp, nil
	case "tcp":
		return tcp, nil
	default:
		return other, fmt.Errorf("%w: %q", ErrProtocol, protocol)
	}
}

// Map is that of PortTable. Packets to the outside port are let in whoever
// sends them, and what the inside sends leaves from that port.
func (r *Router) Map(protocol string, inside netip.AddrPort, wanted uint16, life time.Duration) (netip.AddrPort, error) {
	k, err := kindOf(protocol)
	if err != nil {
		return netip.AddrPort{}, err
	}
	now := r.lab.now()
	port, err := r.table.ask(k, inside, wanted, now, now+int64(life))
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(r.Outside(), port), nil
}

// Unmap is that of PortTable.
func (r *Router) Unmap(protocol string, inside netip.AddrPort) {
	if k, err := kindOf(protocol); err == nil {
		r.table.unask(k, inside)
	}
}

// ListenUDP is that of Listener.
func (g *gateway) ListenUDP(port uint16) (net.PacketConn, error) {
	return g.listenPacket(net.ListenConfig{}, netip.AddrPortFrom(g.router.Inside(), port))
}

// ListenTCP is that of Listener.
func (g *gateway) ListenTCP(port uint16) (listener net.Listener, err error) {
	err = g.space.do(func() error {
		listener, err = net.Listen("tcp4", netip.AddrPortFrom(g.router.Inside(), port).String())
		return err
	})
	return listener, err
}

// ListenMulticast is that of Listener.
func (g *gateway) ListenMulticast(group netip.AddrPort) (net.PacketConn, error) {
	join := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		request := &unix.IPMreq{Multiaddr: group.Addr().As4(), Interface: g.router.Inside().As4()}
		if failed := raw.Control(func(fd uintptr) {
			err = errors.Join(
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
				unix.SetsockoptIPMreq(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, request))
		}); failed != nil {
			return failed
		}
		return err
	}}
	return g.listenPacket(join, group)
}

func (g *gateway) listenPacket(config net.ListenConfig, at netip.AddrPort) (conn net.PacketConn, err error) {
	err = g.space.do(func() error {
		conn, err = config.ListenPacket(context.Background(), "udp4", at.String())
		return err
	})
	return conn, err
}
