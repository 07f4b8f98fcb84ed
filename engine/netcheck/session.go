package netcheck

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

// session is one client of a TURN server (RFC 8656), by its own connection.
//
// It is not the client of pion/turn, with which transfers go: that one hides
// the server's answer to a channel binding and to a release, what it announces
// as its realm, and when each step is done, which are the very things to be
// told here.
type session struct {
	*wire
	server             netip.AddrPort
	username, password string

	// challenged is the answer to the request without credentials.
	challenged error
	asked      bool
	realm      string
	nonce      []byte
	key        stun.MessageIntegrity
	relayed    netip.AddrPort
	// held tells that the server has, or may have, an allocation for us.
	held atomic.Bool
	// rtt is the fastest round trip so far.
	rtt time.Duration
}

// refusal is an error response.
type refusal struct {
	Code int
	// Phrase is what the server adds, cut to a sane length; Realm what it
	// announces as its realm, empty where it does not.
	Phrase, Realm string
}

// Error names the code.
func (r *refusal) Error() string {
	text := fmt.Sprintf("netcheck: the server answered %d", r.Code)
	if r.Phrase != "" {
		text += fmt.Sprintf(" %q", r.Phrase)
	}
	if r.Realm != "" {
		text += fmt.Sprintf(" for the realm %q", r.Realm)
	}
	return text
}

// phraseLimit bounds what is kept of texts from a server.
const phraseLimit = 128

func newRefusal(m *stun.Message) *refusal {
	r := &refusal{}
	var code stun.ErrorCodeAttribute
	if code.GetFrom(m) == nil {
		r.Code, r.Phrase = int(code.Code), short(string(code.Reason))
	}
	var realm stun.Realm
	if realm.GetFrom(m) == nil {
		r.Realm = short(realm.String())
	}
	return r
}

func short(text string) string { return text[:min(len(text), phraseLimit)] }

func (s *session) sawRTT(rtt time.Duration) {
	if s.rtt == 0 || rtt < s.rtt {
		s.rtt = rtt
	}
}

// The fixed parts of TURN's attributes (RFC 8656 section 18).
const transportUDP = 17

func attribute(kind stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

type peerAddress netip.AddrPort

// AddTo adds XOR-PEER-ADDRESS.
func (p peerAddress) AddTo(m *stun.Message) error {
	at := netip.AddrPort(p)
	return (&stun.XORMappedAddress{IP: net.IP(at.Addr().AsSlice()), Port: int(at.Port())}).AddToAs(m, stun.AttrXORPeerAddress)
}

// allocation are the attributes of an Allocate request. Without
// REQUESTED-ADDRESS-FAMILY the relayed address is IPv4, which serves most peers.
func allocation() []stun.Setter {
	return []stun.Setter{attribute(stun.AttrRequestedTransport, transportUDP, 0, 0, 0)}
}

// hello sends an Allocate request without credentials, to which each TURN
// server has an answer: 401 with its realm, or, where it wants no credentials,
// an allocation. What else it says is for allocate to return.
func (s *session) hello(ctx context.Context, p pace) error {
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)}, allocation()...)...)
	if err != nil {
		return err
	}
	a, err := s.request(ctx, m, s.server, p)
	if err != nil {
		return err
	}
	s.sawRTT(a.rtt)
	s.asked = true
	if a.Type.Class == stun.ClassSuccessResponse {
		s.held.Store(true)
		s.challenged = s.tookAllocation(a.Message)
		return nil
	}
	r := newRefusal(a.Message)
	if r.Code != int(stun.CodeUnauthorized) {
		s.challenged = r
		return nil
	}
	s.challenge(a.Message)
	if len(s.nonce) == 0 {
		s.challenged = fmt.Errorf("%w: it announces no nonce: %w", errNotSTUN, r)
	}
	return nil
}

// challenge takes the realm and nonce of an answer.
func (s *session) challenge(m *stun.Message) {
	var realm stun.Realm
	if realm.GetFrom(m) == nil {
		s.realm = realm.String()
	}
	var nonce stun.Nonce
	if nonce.GetFrom(m) == nil {
		s.nonce = append([]byte(nil), nonce...)
	}
	s.key = stun.NewLongTermIntegrity(s.username, s.realm, s.password)
}

// staleLimit is how many nonces in a row may be stale (RFC 8489 section 9.2.5).
const staleLimit = 3

// authenticated sends a request with credentials.
func (s *session) authenticated(ctx context.Context, method stun.Method, p pace, attributes ...stun.Setter) (*stun.Message, error) {
	for try := 1; ; try++ {
		setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
		if len(s.nonce) > 0 {
			setters = append(setters, stun.NewUsername(s.username), stun.NewRealm(s.realm), stun.Nonce(s.nonce), s.key)
		}
		m, err := stun.Build(append(setters, stun.Fingerprint)...)
		if err != nil {
			return nil, err
		}
		a, err := s.request(ctx, m, s.server, p)
		if err != nil {
			return nil, err
		}
		s.sawRTT(a.rtt)
		if a.Type.Class == stun.ClassSuccessResponse {
			return a.Message, nil
		}
		r := newRefusal(a.Message)
		if r.Code != int(stun.CodeStaleNonce) || try == staleLimit {
			return nil, r
		}
		var nonce stun.Nonce
		if nonce.GetFrom(a.Message) != nil {
			return nil, r
		}
		s.nonce = append([]byte(nil), nonce...)
	}
}

// allocate asks for a relayed address. hello has been answered.
func (s *session) allocate(ctx context.Context, p pace) error {
	if s.relayed.IsValid() || s.challenged != nil {
		return s.challenged
	}
	s.held.Store(true)
	m, err := s.authenticated(ctx, stun.MethodAllocate, p, allocation()...)
	if err != nil {
		var r *refusal
		if errors.As(err, &r) {
			s.held.Store(false)
		}
		return err
	}
	return s.tookAllocation(m)
}

func (s *session) tookAllocation(m *stun.Message) error {
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(m, stun.AttrXORRelayedAddress); err != nil {
		return fmt.Errorf("%w: it allocates without an address: %w", errNotSTUN, err)
	}
	ip, _ := netip.AddrFromSlice(relayed.IP)
	s.relayed = netip.AddrPortFrom(ip.Unmap(), uint16(relayed.Port))
	return nil
}

// permit lets a peer's address in.
func (s *session) permit(ctx context.Context, peer netip.AddrPort) error {
	_, err := s.authenticated(ctx, stun.MethodCreatePermission, patient, peerAddress(peer))
	return err
}

// bind gives a peer a channel.
func (s *session) bind(ctx context.Context, channel uint16, peer netip.AddrPort) error {
	number := binary.BigEndian.AppendUint16(nil, channel)
	_, err := s.authenticated(ctx, stun.MethodChannelBind, patient,
		attribute(stun.AttrChannelNumber, number[0], number[1], 0, 0), peerAddress(peer))
	return err
}

// sendData sends to the peer of a channel.
func (s *session) sendData(channel uint16, payload []byte) error {
	length := channelHeader + len(payload)
	packet := make([]byte, 0, length+3)
	packet = binary.BigEndian.AppendUint16(packet, channel)
	packet = binary.BigEndian.AppendUint16(packet, uint16(len(payload)))
	packet = append(packet, payload...)
	if s.reliable() {
		packet = packet[:length+(-length&3)]
	}
	return s.send(packet, s.server)
}

// release gives the allocation back. It does nothing where there is none.
func (s *session) release(ctx context.Context) error {
	if !s.held.Swap(false) {
		return nil
	}
	_, err := s.authenticated(ctx, stun.MethodRefresh, brisk, attribute(stun.AttrLifetime, 0, 0, 0, 0))
	var r *refusal
	if errors.As(err, &r) && r.Code == int(stun.CodeAllocMismatch) {
		return nil // it is gone already
	}
	return err
}
