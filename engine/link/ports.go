package link

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"syscall"

	"github.com/pion/transport/v4"
)

// portRange is the ports that sockets of direct candidates prefer, both ends
// included. The zero range is any.
type portRange struct{ least, most uint16 }

// listen opens a socket at a port of the range, beginning anywhere in it: what
// is still sent to a port from before reaches nobody else. Where no port is free
// it takes any other. A link with a port that no firewall knows of may work;
// one without does not.
func (r portRange) listen(n transport.Net, kind string, local *net.UDPAddr, log *slog.Logger) (transport.UDPConn, error) {
	if r.least == 0 || r.most < r.least || local == nil || local.Port != 0 {
		return n.ListenUDP(kind, local)
	}
	count := int(r.most-r.least) + 1
	first := rand.IntN(count)
	at := *local
	for i := range count {
		at.Port = int(r.least) + (first+i)%count
		conn, err := n.ListenUDP(kind, &at)
		switch {
		case err == nil:
			return conn, nil
		case !portTaken(err):
			return n.ListenUDP(kind, local) // and says why not
		}
	}
	log.Warn("no UDP port of the range is free, another one is used", "first", r.least, "last", r.most, "address", local.IP)
	return n.ListenUDP(kind, local)
}

// What Windows says of a port that is taken, or kept from programs.
const (
	wsaAddressInUse = syscall.Errno(10048)
	wsaAccess       = syscall.Errno(10013)
)

// portTaken reports whether another port may do.
func portTaken(err error) bool {
	for _, taken := range []error{syscall.EADDRINUSE, syscall.EACCES, wsaAddressInUse, wsaAccess} {
		if errors.Is(err, taken) {
			return true
		}
	}
	return false
}
