package engine

import (
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/rendezvous"
)

// lanTracker is the small tracker that each running Causeway keeps, for its
// own shares only, so that two computers on one network, or two windows on one
// computer, need no internet and no server. Its methods are safe for
// concurrent use.
type lanTracker struct {
	server *rendezvous.Server
	port   uint16

	mu    sync.Mutex
	rooms map[invite.Room]bool
}

// lanAddresses bounds the addresses in an invitation, to keep it short.
const lanAddresses = 3

// newLANTracker listens on the port of the last run, so that invitations stay
// good over a restart, or on any other where that one is taken.
func newLANTracker(stateDir string, log *slog.Logger) (*lanTracker, error) {
	l := &lanTracker{rooms: map[invite.Room]bool{}}
	remembered := filepath.Join(stateDir, "lan-port")
	text, _ := os.ReadFile(remembered)
	last, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
	var err error
	for _, port := range []uint64{last, 0} {
		l.server, err = rendezvous.New(rendezvous.Config{
			Listen: ":" + strconv.FormatUint(port, 10), AllowRoom: l.allowed, Logger: log,
		})
		if err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	l.port = uint16(l.server.TrackerAddr().(*net.TCPAddr).Port)
	if last == 0 {
		if err := os.WriteFile(remembered, []byte(strconv.Itoa(int(l.port))+"\n"), 0o600); err != nil {
			log.Warn("cannot remember the LAN port", "error", err)
		}
	}
	return l, nil
}

// serveLAN runs the LAN tracker and tells if that ends early.
func (o *owner) serveLAN() {
	if err := o.lan.server.Serve(o.ctx); err != nil && o.ctx.Err() == nil {
		o.post(func() { o.tell(Problem{Code: NoLAN, Err: err}) })
	}
}

func (l *lanTracker) allowed(room [20]byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rooms[room]
}

func (l *lanTracker) allow(room invite.Room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[room] = true
}

func (l *lanTracker) refuse(room invite.Room) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rooms, room)
}

// ownURL is how this process reaches its own tracker.
func (l *lanTracker) ownURL() string {
	return "ws://127.0.0.1:" + strconv.Itoa(int(l.port))
}

// addresses are where others on the network reach the tracker, the likeliest
// first; loopback where there is no network.
func (l *lanTracker) addresses() []netip.AddrPort {
	var found []netip.Addr
	if preferred, ok := outboundAddress(); ok {
		found = append(found, preferred)
	}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 {
			continue
		}
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil || !prefix.Addr().Is4() || prefix.Addr().IsLinkLocalUnicast() {
				continue
			}
			if !slices.Contains(found, prefix.Addr()) {
				found = append(found, prefix.Addr())
			}
		}
	}
	if len(found) == 0 {
		found = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	ports := make([]netip.AddrPort, 0, lanAddresses)
	for _, address := range found[:min(len(found), lanAddresses)] {
		ports = append(ports, netip.AddrPortFrom(address, l.port))
	}
	return ports
}

// outboundAddress is the address that this computer uses towards others.
// Connecting a UDP socket sends nothing; 192.0.2.1 is TEST-NET-1 (RFC 5737).
func outboundAddress() (netip.Addr, bool) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}, false
	}
	defer conn.Close()
	address, ok := netip.AddrFromSlice(conn.LocalAddr().(*net.UDPAddr).IP)
	address = address.Unmap()
	return address, ok && !address.IsLoopback() && !address.IsUnspecified()
}

// lanURLs are the trackers that an invitation's LAN addresses name. Addresses
// that cannot be on anybody's own network are left out: an invitation must not
// make this computer knock at strangers' doors.
func lanURLs(addresses []netip.AddrPort) []string {
	var urls []string
	for _, address := range addresses {
		ip := address.Addr().Unmap()
		if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || onOwnInterface(ip) {
			urls = append(urls, "ws://"+address.String())
		}
	}
	return urls
}

func onOwnInterface(ip netip.Addr) bool {
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Contains(ip) {
			return true
		}
	}
	return false
}
