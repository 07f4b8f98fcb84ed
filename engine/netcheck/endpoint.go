package netcheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/stun/v4"
)

// ErrURL is the failure of a server whose URL cannot be read.
var ErrURL = errors.New("netcheck: not a STUN or TURN URL")

const (
	resolvePatience = 2 * time.Second
	connectPatience = 4 * time.Second
)

// endpoint is a server's URL, read.
type endpoint struct {
	url, host string
	port      uint16
	// tcp and secure are the transport: UDP, TCP, TLS or DTLS.
	tcp, secure bool
}

// parse reads a stun:, turn: or turns: URI (RFC 7064, RFC 7065). Its scheme is
// for the caller to have chosen.
func parse(url string) (endpoint, error) {
	uri, err := stun.ParseURI(url)
	if err != nil {
		return endpoint{}, fmt.Errorf("%w: %q: %w", ErrURL, url, err)
	}
	if uri.Port <= 0 || uri.Port > 0xffff {
		return endpoint{}, fmt.Errorf("%w: %q: there is no such port", ErrURL, url)
	}
	return endpoint{
		url: url, host: uri.Host, port: uint16(uri.Port),
		tcp:    uri.Proto == stun.ProtoTypeTCP,
		secure: uri.Scheme == stun.SchemeTypeTURNS || uri.Scheme == stun.SchemeTypeSTUNS,
	}, nil
}

// resolve returns the server's addresses, without a name's if it is one.
func (e endpoint) resolve(ctx context.Context) ([]netip.AddrPort, error) {
	ctx, stop := context.WithTimeout(ctx, resolvePatience)
	defer stop()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil {
		return nil, fmt.Errorf("netcheck: %s has no address: %w", e.host, err)
	}
	var found []netip.AddrPort
	for _, ip := range ips {
		if at := netip.AddrPortFrom(ip.Unmap(), e.port); !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("netcheck: %s has no address", e.host)
	}
	return found, nil
}

// prefer picks the address that transfers use: IPv4 where this computer has a
// way to it, as most relays serve most peers by IPv4.
func prefer(found []netip.AddrPort) netip.AddrPort {
	for _, is := range []func(netip.Addr) bool{netip.Addr.Is4, netip.Addr.Is6} {
		for _, at := range found {
			if is(at.Addr()) && routed(at) {
				return at
			}
		}
	}
	return found[0]
}

// routed reports whether this computer has a way to an address.
func routed(to netip.AddrPort) bool { return sourceFor(to).IsValid() }

// sourceFor is the own address from which packets to an address leave; invalid
// where there is no way to it. No packet is sent for it.
func sourceFor(to netip.AddrPort) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	return addrPort(conn.LocalAddr()).Addr()
}

// dial connects to the server at one of its addresses. UDP needs no packet for
// it.
func (e endpoint) dial(ctx context.Context, to netip.AddrPort, roots *x509.CertPool) (carrier, error) {
	ctx, stop := context.WithTimeout(ctx, connectPatience)
	defer stop()
	if !e.tcp {
		return e.dialUDP(ctx, to, roots)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	if !e.secure {
		return newStream(conn), nil
	}
	encrypted := tls.Client(conn, &tls.Config{ServerName: e.host, RootCAs: roots})
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, handshakeError{err}
	}
	return newStream(encrypted), nil
}

func (e endpoint) dialUDP(ctx context.Context, to netip.AddrPort, roots *x509.CertPool) (carrier, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	enlarge(conn)
	if !e.secure {
		return &datagrams{Conn: conn, remote: to}, nil
	}
	encrypted, err := dtls.ClientWithOptions(connected{conn}, conn.RemoteAddr(),
		dtls.WithServerName(e.host), dtls.WithRootCAs(roots), dtls.WithLoggerFactory(silence))
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = encrypted.Close()
		return nil, handshakeError{err}
	}
	return &datagrams{Conn: encrypted, remote: to}, nil
}

// connected is a connected UDP socket for DTLS, which writes to addresses.
type connected struct{ *net.UDPConn }

// WriteTo writes to the server, which is the only destination.
func (c connected) WriteTo(packet []byte, _ net.Addr) (int, error) { return c.Write(packet) }

// handshakeError is why TLS or DTLS did not come to be, over a connection that
// did.
type handshakeError struct{ error }

// Unwrap returns the cause.
func (e handshakeError) Unwrap() error { return e.error }
