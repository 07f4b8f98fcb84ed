package rendezvous

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/pion/turn/v5"
)

// samePortTries is how often another port is tried when the operating system
// gives one for TCP that is taken for UDP.
const samePortTries = 16

// turnServer answers STUN and relays for those with credentials.
type turnServer struct {
	config      *TurnConfig
	logger      pionLogger
	credentials *credentials
	relays      *relays
	udp         *net.UDPConn
	tcp         *guard
	encrypted   *guard // nil without TLS
	tls         *tls.Config
	discovery   *discovery // nil without a second address
}

func newTurnServer(config *Config) (*turnServer, error) {
	s, err := openTurn(config.Turn)
	if err != nil {
		return nil, err
	}
	s.logger = pionLogger{config.Logger}
	s.credentials = newCredentials(config.Turn)
	if config.Turn.ListenTLS == "" {
		return s, nil
	}
	encrypted, err := net.Listen("tcp", config.Turn.ListenTLS)
	if err != nil {
		s.close()
		return nil, listenError("TURN over TLS", config.Turn.ListenTLS, err)
	}
	s.encrypted = newGuard(encrypted, streamsPerAddress, streams)
	s.tls = config.TLS.Clone()
	s.tls.NextProtos = nil // TURN clients name none, or their own
	return s, nil
}

// openTurn opens the sockets that are not for TLS.
func openTurn(config *TurnConfig) (*turnServer, error) {
	_, port, _ := net.SplitHostPort(config.Listen)
	for try := 1; ; try++ {
		udp, tcp, err := listenBoth(config.Listen)
		if err != nil {
			return nil, err
		}
		enlargeBuffers(udp)
		s := &turnServer{
			config: config,
			relays: newRelays(config, udp.LocalAddr()),
			udp:    udp,
			// TCP buffers are left to the operating system: setting them would
			// end their automatic growth.
			tcp: newGuard(tcp, streamsPerAddress, streams),
		}
		if !config.Alternate.IsValid() {
			return s, nil
		}
		if s.discovery, err = newDiscovery(config, udp); err == nil {
			return s, nil
		}
		s.close()
		// A port that is any for the first address may be taken on the other.
		if port != "0" || !errors.Is(err, ErrAddressInUse) || try == samePortTries {
			return nil, err
		}
	}
}

// listenBoth listens for UDP and TCP on the same port.
func listenBoth(address string) (*net.UDPConn, net.Listener, error) {
	host, port, _ := net.SplitHostPort(address)
	for try := 1; ; try++ {
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			return nil, nil, listenError("TURN (TCP)", address, err)
		}
		at := net.JoinHostPort(host, strconv.Itoa(int(addrPort(tcp.Addr()).Port())))
		udp, err := net.ListenPacket("udp", at)
		if err == nil {
			return udp.(*net.UDPConn), tcp, nil
		}
		_ = tcp.Close()
		if port != "0" || !inUse(err) || try == samePortTries {
			return nil, nil, listenError("TURN (UDP)", at, err)
		}
	}
}

// serve relays until ctx ends.
func (s *turnServer) serve(ctx context.Context) error {
	defer s.close()
	listeners := []turn.ListenerConfig{s.stream(s.tcp, nil)}
	if s.encrypted != nil {
		listeners = append(listeners, s.stream(s.encrypted, s.tls))
	}
	server, err := turn.NewServer(turn.ServerConfig{
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            &clientSocket{UDPConn: s.udp, credentials: s.credentials, relays: s.relays, discovery: s.discovery},
			RelayAddressGenerator: s.relays,
			PermissionHandler:     s.relays.permit,
		}},
		ListenerConfigs: listeners,
		LoggerFactory:   s.logger,
		Realm:           s.config.Realm,
		// Never nil: pion would treat that as STUN only today, which is for it
		// to decide, not for us to rely on.
		AuthHandler:  s.credentials.authenticate,
		QuotaHandler: s.relays.mayOpen,
		// Otherwise a client that comes by IPv6 would be given IPv6, by which
		// nobody joins it with one that has IPv4 alone.
		StrictAddressFamily: s.relays.joins(),
		EventHandler:        s.relays.events(),
	})
	if err != nil {
		return fmt.Errorf("rendezvous: start TURN: %w", err)
	}
	var others sync.WaitGroup
	if s.discovery != nil {
		others.Go(s.discovery.serve)
	}
	<-ctx.Done()
	_ = server.Close()
	if s.discovery != nil {
		s.discovery.close()
	}
	others.Wait()
	return nil
}

func (s *turnServer) stream(listener *guard, config *tls.Config) turn.ListenerConfig {
	return turn.ListenerConfig{
		Listener:              &streamListener{guard: listener, tls: config, credentials: s.credentials, relays: s.relays},
		RelayAddressGenerator: s.relays,
		PermissionHandler:     s.relays.permit,
	}
}

// close closes every socket, of clients and of relayed addresses too.
func (s *turnServer) close() {
	_ = s.udp.Close()
	s.tcp.closeAll()
	if s.encrypted != nil {
		s.encrypted.closeAll()
	}
	if s.discovery != nil {
		s.discovery.close()
	}
	s.relays.closeAll()
}

// clientSocket is where clients send by UDP.
type clientSocket struct {
	*net.UDPConn
	credentials *credentials
	relays      *relays
	discovery   *discovery // nil without a second address
}

// ReadFrom fails only when the socket is closed: pion stops serving UDP at the
// first error.
func (s *clientSocket) ReadFrom(data []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.UDPConn.ReadFrom(data)
		if errors.Is(err, net.ErrClosed) {
			return 0, nil, err
		}
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		if r := s.relays.ofClient(from); r != nil {
			r.received(n)
		}
		if s.discovery != nil && s.discovery.answer(data[:n], addrPort(from), 0, 0) {
			continue
		}
		n, _ = s.credentials.screen(data[:n])
		return n, from, nil
	}
}

// WriteTo sends to a client.
func (s *clientSocket) WriteTo(data []byte, to net.Addr) (int, error) {
	n, err := s.UDPConn.WriteTo(data, to)
	if err == nil {
		if r := s.relays.ofClient(to); r != nil {
			r.sent(n)
		}
	}
	return n, err
}
