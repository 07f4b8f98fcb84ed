package portservice

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/causeway-app/causeway/engine/lab"
)

const (
	// mappingPort is where PCP and NAT-PMP are asked (RFC 6887 section 19.1).
	mappingPort = 5351
	// packetLimit is the size of the largest PCP packet (RFC 6887 section 7).
	packetLimit = 1100
	// announcements is how often a restart is told, after 250 ms and twice as
	// long each time (RFC 6886 section 3.2.1, RFC 6887 section 14.1.3 says the
	// same of PCP).
	announcements     = 10
	firstAnnouncement = 250 * time.Millisecond
)

// everybody is where clients hear of a restart.
var everybody = netip.MustParseAddrPort("224.0.0.1:5350")

func (r *running) openMapping(listen lab.Listener) error {
	conn, err := listen.ListenUDP(mappingPort)
	if err != nil {
		return err
	}
	r.sockets = append(r.sockets, conn)
	r.parts = append(r.parts, func(ctx context.Context) error {
		return receive(conn, func(packet []byte, from netip.AddrPort) {
			if r.options.Silent {
				return
			}
			r.later(ctx, func() {
				if answer := r.answer(packet, from); answer != nil {
					_, _ = conn.WriteTo(answer, net.UDPAddrFromAddrPort(from))
				}
			})
		})
	})
	r.tell = append(r.tell, func(ctx context.Context) { r.announce(ctx, conn) })
	return nil
}

// receive hands on each packet, as a copy, until the socket is closed.
func receive(conn net.PacketConn, handle func(packet []byte, from netip.AddrPort)) error {
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			// A port that an answer went to is closed; the next read may do.
			time.Sleep(time.Millisecond)
			continue
		}
		at, err := netip.ParseAddrPort(from.String())
		if err != nil {
			continue
		}
		handle(append([]byte(nil), buffer[:n]...), unmapped(at))
	}
}

// answer is the answer to a packet of either protocol, nil for none. The
// version tells them apart (RFC 6887 section 9 and appendix A).
func (r *running) answer(packet []byte, from netip.AddrPort) []byte {
	// Too short, or an answer itself (RFC 6886 section 3.5, RFC 6887 section 8.3).
	if len(packet) < 2 || packet[1]&responseBit != 0 {
		return nil
	}
	if r.options.NATPMP && (packet[0] == natpmpVersion || !r.options.PCP) {
		return r.answerNATPMP(packet, from)
	}
	return r.answerPCP(packet, from)
}

// announce tells everybody that the router has restarted, until ctx ends.
func (r *running) announce(ctx context.Context, conn net.PacketConn) {
	wait := firstAnnouncement
	for range announcements {
		for _, packet := range r.restartPackets() {
			_, _ = conn.WriteTo(packet, net.UDPAddrFromAddrPort(everybody))
		}
		if !pause(ctx, wait) {
			return
		}
		wait *= 2
	}
}

// restartPackets are an answer to a question nobody asked, of each protocol.
func (r *running) restartPackets() [][]byte {
	if r.options.Silent {
		return nil
	}
	var packets [][]byte
	if r.options.NATPMP {
		packets = append(packets, r.natpmpAddress())
	}
	if r.options.PCP {
		packets = append(packets, r.pcpAnswer([]byte{pcpVersion, pcpAnnounce}, pcpSuccess, 0))
	}
	return packets
}
