// Package utp stands in for github.com/anacrolix/go-utp, which
// github.com/anacrolix/torrent imports without a build tag. Causeway carries
// torrents over its own links and never opens a uTP socket, so every
// constructor here refuses; in exchange the engine links no C.
package utp

import (
	"context"
	"errors"
	"log/slog"
	"net"
)

// Default names the implementation in the torrent library's error messages.
const Default = "none"

// ErrUnsupported is what every constructor returns.
var ErrUnsupported = errors.New("utp: not built into this program")

// FirewallCallback decides whether a packet from addr is refused.
type FirewallCallback func(addr net.Addr) bool

// Option configures a Socket.
type Option func()

// Socket is the shape of a uTP socket. No value of it exists in this program.
type Socket interface {
	net.PacketConn
	Accept() (net.Conn, error)
	Addr() net.Addr
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	SetFirewallCallback(FirewallCallback)
}

// WithLogger accepts a logger and ignores it.
func WithLogger(*slog.Logger) Option { return func() {} }

// NewSocket always returns ErrUnsupported.
func NewSocket(network, addr string, opts ...Option) (Socket, error) {
	return nil, ErrUnsupported
}

// NewSocketFromPacketConn always returns ErrUnsupported.
func NewSocketFromPacketConn(pc net.PacketConn, opts ...Option) (Socket, error) {
	return nil, ErrUnsupported
}
