package link

import (
	"encoding/binary"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// pendingLimit bounds the requests to one TURN server that are remembered.
	pendingLimit = 256
	// permissionLife is when a permission is renewed: servers keep it for five
	// minutes (RFC 8656 section 9).
	permissionLife = 4 * time.Minute
	// permissionLimit bounds the peer's addresses that one allocation permits.
	permissionLimit = 64
	// A request of ours is repeated requestTries times, requestPause apart.
	requestPause, requestTries = 400 * time.Millisecond, 5
	// allocationLife is asked for when an allocation is looked after.
	allocationLife = 10 * time.Minute
)

// stage is how far an allocation has come.
type stage int

const (
	unasked stage = iota
	asking
	held
	failed // refused by the server, or given up
	gone   // the server does not know it any more
	releasing
	released
)

// allocation is a TURN client's conversation with its server (RFC 8656), as
// the socket between the two sees it. pion's client asks for the allocation
// and binds channels. Everything else is done here:
//
// pion waits for the answer to each CreatePermission inside the loop that runs
// all of ICE: it costs a round trip for each address of the peer, and a server
// that has died stops ICE for eight seconds. So its requests are answered at
// once, and the permissions are kept here.
//
// pion cannot give back an allocation that is not needed any more, nor tell
// whether the server still knows it. Both are requests that are made here, with
// the realm and the nonce that the server is seen to give.
type allocation struct {
	network  *network
	number   int                // in the order of their making
	port     uint16             // of the socket
	transmit func([]byte) error // to the server
	wake     func()             // lets the reader look at answers
	finish   func()             // after the release; nil where nothing is to do

	stream   bool         // it counts by itself
	in, out  atomic.Int64 // bytes
	heard    atomic.Int64 // when the server spoke last; see network.now
	channels atomic.Pointer[map[uint16]netip.AddrPort]

	mu            sync.Mutex
	server        *relayServer // nil until known
	stage         stage
	since, until  time.Time // when it was asked for and given back
	authenticated bool      // the request for it was
	realm         stun.Realm
	nonce         stun.Nonce
	pending       map[transaction]request
	permissions   map[netip.Addr]permission
	answers       [][]byte // made here, for the next reads
	aborting      bool
}

type transaction [stun.TransactionIDSize]byte

// request is one that the server has not answered.
type request struct {
	method stun.Method
	ours   bool
	peer   netip.Addr // of a permission
	sent   time.Time
	tries  int
	raw    []byte // of ours
}

// permission is what the server says about one address.
type permission struct {
	asked, granted time.Time
	refused        bool
}

func newAllocation(n *network, port uint16) *allocation {
	a := &allocation{
		network: n, port: port, pending: map[transaction]request{}, permissions: map[netip.Addr]permission{},
	}
	a.channels.Store(&map[uint16]netip.AddrPort{})
	return a
}

// belongs notes which server this is.
func (a *allocation) belongs(server *relayServer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.server = server
}

// uri names the server; empty while it is not known.
func (a *allocation) uri() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == nil {
		return ""
	}
	return a.server.uri
}

func (a *allocation) state() (stage, time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stage, a.since
}

// setStage notes how far it is and tells those who wait for that.
func (a *allocation) setStage(to stage) { // with mu
	a.stage = to
	if to == gone || to == releasing {
		a.until = time.Now()
	}
	a.network.stageChanged(a.server, to)
}

// usable reports whether packets may go through it.
func (a *allocation) usable() bool {
	at, _ := a.state()
	return at == held
}

// over reports whether packets went through it and cannot any more.
func (a *allocation) over() bool {
	at, _ := a.state()
	return at > held
}

// outgoing looks at what pion's client sends. A packet that is not passed on
// was answered here, or has nowhere to go.
func (a *allocation) outgoing(packet []byte) (pass bool) {
	switch {
	case isChannelData(packet):
		if !a.usable() {
			return false
		}
		if peer, ok := (*a.channels.Load())[binary.BigEndian.Uint16(packet)]; ok {
			a.network.left(a, peer, packet[4:])
		}
		return true
	case !isSTUN(packet):
		return true
	}
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	if message.Decode() != nil {
		return true
	}
	if message.Type.Class != stun.ClassRequest {
		peer, ok := peerOf(message)
		data, err := message.Get(stun.AttrData)
		if ok && err == nil {
			a.network.left(a, peer, data)
		}
		return a.usable()
	}
	if message.Type.Method == stun.MethodAllocate && !a.admitted() {
		a.refuse(message, stun.CodeAllocQuotaReached)
		return false
	}
	return a.requested(message)
}

// admitted waits until it is this server's turn.
func (a *allocation) admitted() bool {
	at, _ := a.state()
	if at != unasked {
		return at == asking
	}
	a.mu.Lock()
	server := a.server
	a.mu.Unlock()
	if server != nil && !a.network.admit(server, a) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.setStage(failed)
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stage == unasked {
		a.since = time.Now()
		a.setStage(asking)
	}
	return true
}

// requested takes a request of pion's client.
func (a *allocation) requested(message *stun.Message) (pass bool) {
	method := message.Type.Method
	a.mu.Lock()
	defer a.mu.Unlock()
	release := method == stun.MethodRefresh && lifetimeOf(message) == 0
	switch {
	case a.stage == releasing || a.stage == released || (a.aborting && !release):
		a.answer(message, stun.CodeForbidden)
		return false
	case method == stun.MethodCreatePermission:
		refused := true
		for _, peer := range peersOf(message) {
			refused = !a.permit(peer.Addr()) && refused
		}
		if refused {
			a.answer(message, stun.CodeForbidden)
		} else {
			a.answer(message, 0)
		}
		return false
	case method == stun.MethodChannelBind:
		var number [4]byte
		value, err := message.Get(stun.AttrChannelNumber)
		if peer, ok := peerOf(message); ok && err == nil && copy(number[:], value) == 4 {
			channels := maps.Clone(*a.channels.Load())
			channels[binary.BigEndian.Uint16(number[:])] = peer
			a.channels.Store(&channels)
		}
	case method == stun.MethodAllocate:
		a.authenticated = message.Contains(stun.AttrUsername)
	}
	a.remember(message.TransactionID, request{method: method, sent: time.Now()})
	return true
}

func (a *allocation) remember(id transaction, open request) { // with mu
	if len(a.pending) >= pendingLimit {
		clear(a.pending)
	}
	a.pending[id] = open
}

// permit asks for a permission unless there is one; false if it was refused.
func (a *allocation) permit(peer netip.Addr) bool { // with mu
	known, found := a.permissions[peer]
	switch {
	case known.refused:
		return false
	case found && time.Since(known.asked) < permissionLife,
		!found && len(a.permissions) >= permissionLimit:
		return true
	}
	a.permissions[peer] = permission{asked: time.Now(), granted: known.granted}
	a.ask(stun.MethodCreatePermission, peer, xorPeer(netip.AddrPortFrom(peer, 0)))
	return true
}

// ask sends a request of our own, if the server has said how.
func (a *allocation) ask(method stun.Method, peer netip.Addr, setters ...stun.Setter) { // with mu
	if a.server == nil || len(a.nonce) == 0 || (a.stage != held && a.stage != releasing) {
		return
	}
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, setters...)
	all = append(all, stun.NewUsername(a.server.username), a.realm, a.nonce,
		stun.NewLongTermIntegrity(a.server.username, a.realm.String(), a.server.password), stun.Fingerprint)
	message, err := stun.Build(all...)
	if err != nil {
		return
	}
	a.remember(message.TransactionID, request{
		method: method, ours: true, peer: peer, sent: time.Now(), tries: 1, raw: message.Raw,
	})
	a.put(message.Raw)
}

// put sends and counts.
func (a *allocation) put(packet []byte) {
	a.counts(&a.out, len(packet))
	_ = a.transmit(packet)
}

// counts adds a UDP packet to a counter.
func (a *allocation) counts(counter *atomic.Int64, bytes int) {
	if !a.stream {
		counter.Add(int64(bytes))
	}
}

// refuse answers a request as the server might.
func (a *allocation) refuse(message *stun.Message, code stun.ErrorCode) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer(message, code)
}

// answer makes the server's answer, a success where code is 0, and wakes the
// reader.
func (a *allocation) answer(message *stun.Message, code stun.ErrorCode) { // with mu
	a.answerTo(message.TransactionID, message.Type.Method, code)
}

func (a *allocation) answerTo(id transaction, method stun.Method, code stun.ErrorCode) {
	setters := []stun.Setter{stun.NewTransactionIDSetter(id)}
	if code == 0 {
		setters = append(setters, stun.NewType(method, stun.ClassSuccessResponse))
	} else {
		setters = append(setters, stun.NewType(method, stun.ClassErrorResponse), code)
	}
	made, err := stun.Build(append(setters, stun.Fingerprint)...)
	if err != nil {
		return
	}
	a.answers = append(a.answers, made.Raw)
	a.wake()
}

// nextAnswer returns what was answered here, or nil.
func (a *allocation) nextAnswer() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.answers) == 0 {
		return nil
	}
	next := a.answers[0]
	a.answers = a.answers[1:]
	return next
}

// abort answers every open request of pion's, and every later one but the
// release of the allocation.
func (a *allocation) abort() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.aborting = true
	for id, open := range a.pending {
		if open.method != stun.MethodRefresh && !open.ours {
			a.answerTo(id, open.method, stun.CodeForbidden)
		}
	}
	clear(a.pending)
}

// incoming looks at what the server sends; consumed packets are not pion's.
func (a *allocation) incoming(packet []byte) (consumed bool) {
	a.counts(&a.in, len(packet))
	a.heard.Store(a.network.now())
	if isChannelData(packet) {
		peer, ok := (*a.channels.Load())[binary.BigEndian.Uint16(packet)]
		if !ok {
			return true // pion's client would stop reading
		}
		end := 4 + int(binary.BigEndian.Uint16(packet[2:]))
		return end <= len(packet) && a.network.arrived(a, peer, packet[4:end])
	}
	if !isSTUN(packet) {
		return false
	}
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	if message.Decode() != nil {
		return true
	}
	switch message.Type.Class {
	case stun.ClassIndication:
		data, err := message.Get(stun.AttrData)
		peer, ok := peerOf(message)
		return ok && err == nil && a.network.arrived(a, peer, data)
	case stun.ClassSuccessResponse, stun.ClassErrorResponse:
		return a.answerCame(message)
	default:
		return true
	}
}

// answerCame takes an answer of the server; true if the request was ours.
func (a *allocation) answerCame(message *stun.Message) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	open, known := a.pending[message.TransactionID]
	if !known {
		return false
	}
	delete(a.pending, message.TransactionID)
	var code stun.ErrorCodeAttribute
	_ = code.GetFrom(message)
	refused := message.Type.Class == stun.ClassErrorResponse
	if refused {
		_ = a.realm.GetFrom(message)
		_ = a.nonce.GetFrom(message)
		a.realm, a.nonce = append(stun.Realm(nil), a.realm...), append(stun.Nonce(nil), a.nonce...)
	}
	stale := refused && code.Code == stun.CodeStaleNonce
	switch open.method {
	case stun.MethodAllocate:
		switch {
		case !refused && a.stage == asking:
			a.setStage(held)
		case refused && !stale && (a.authenticated || code.Code != stun.CodeUnauthorized):
			a.network.log.Debug("a TURN server refuses", "relay", a.server, "code", int(code.Code))
			a.setStage(failed)
		}
	case stun.MethodCreatePermission:
		if open.ours {
			a.permitted(open.peer, refused, stale)
		}
	case stun.MethodRefresh:
		switch {
		case a.stage == releasing && !stale:
			a.setReleased()
		case a.stage == releasing:
			a.askRelease()
		case refused && code.Code == stun.CodeAllocMismatch && a.stage == held:
			a.setStage(gone)
		}
	}
	return open.ours
}

// permitted notes what the server says to our wish.
func (a *allocation) permitted(peer netip.Addr, refused, stale bool) { // with mu
	known := a.permissions[peer]
	switch {
	case stale:
		delete(a.permissions, peer)
		a.permit(peer)
		return
	case refused:
		known.refused = true
	default:
		known.granted = time.Now()
	}
	a.permissions[peer] = known
}

// tend repeats what the server has not answered and renews permissions.
func (a *allocation) tend(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, open := range a.pending {
		switch {
		case !open.ours || now.Sub(open.sent) < requestPause:
		case open.tries >= requestTries:
			delete(a.pending, id)
			if a.stage == releasing {
				a.setReleased() // it ends there by itself
			} else if known, found := a.permissions[open.peer]; found && known.granted.IsZero() {
				delete(a.permissions, open.peer)
			}
		default:
			open.sent, open.tries = now, open.tries+1
			a.pending[id] = open
			a.put(open.raw)
		}
	}
	if a.stage != held {
		return
	}
	for peer, known := range a.permissions {
		if !known.refused && now.Sub(known.asked) > permissionLife {
			a.permit(peer)
		}
	}
}

// look asks the server whether it still knows the allocation.
func (a *allocation) look() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stage != held {
		return
	}
	for _, open := range a.pending {
		if open.ours && open.method == stun.MethodRefresh {
			return
		}
	}
	a.ask(stun.MethodRefresh, netip.Addr{}, lifetime(allocationLife))
}

// release gives the allocation back. From then on nothing passes.
func (a *allocation) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stage != held {
		return
	}
	a.setStage(releasing)
	a.askRelease()
}

func (a *allocation) askRelease() { // with mu
	a.ask(stun.MethodRefresh, netip.Addr{}, lifetime(0))
}

func (a *allocation) setReleased() { // with mu
	a.setStage(released)
	if a.finish != nil {
		a.finish()
	}
}

// send sends a packet of ours to the peer.
func (a *allocation) send(packet []byte, to netip.AddrPort) {
	a.mu.Lock()
	fits := a.stage == held && a.permit(to.Addr())
	a.mu.Unlock()
	if !fits {
		return
	}
	message, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication),
		stun.RawAttribute{Type: stun.AttrData, Value: packet}, xorPeer(to), stun.Fingerprint)
	if err == nil {
		a.network.left(a, to, packet)
		a.put(message.Raw)
	}
}

// reaches reports whether packets to an address are worth a try.
func (a *allocation) reaches(to netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stage == held && to.Addr().Is4() && !a.permissions[to.Addr()].refused
}

func (a *allocation) relayed() bool { return true }

// use tells the state for the status.
func (a *allocation) use() (RelayUse, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == nil || a.stage < held || a.stage == failed {
		return RelayUse{}, false
	}
	return RelayUse{
		Server: a.server.uri, In: a.in.Load(), Out: a.out.Load(), Since: a.since, Released: a.until,
		Expires: a.server.expires,
	}, true
}

// close notes that pion has closed the socket, after giving the allocation back.
func (a *allocation) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.stage {
	case held:
		a.setStage(releasing)
		a.stage = released
	case releasing:
		a.stage = released
	case unasked, asking:
		a.setStage(failed)
	}
	a.network.uncarry(a)
}

// lifetime is the attribute LIFETIME (RFC 8656 section 18.2).
type lifetime time.Duration

// AddTo is stun.Setter's.
func (l lifetime) AddTo(m *stun.Message) error {
	m.Add(stun.AttrLifetime, binary.BigEndian.AppendUint32(nil, uint32(time.Duration(l)/time.Second)))
	return nil
}

func lifetimeOf(m *stun.Message) uint32 {
	value, err := m.Get(stun.AttrLifetime)
	if err != nil || len(value) != 4 {
		return uint32(allocationLife / time.Second)
	}
	return binary.BigEndian.Uint32(value)
}

// xorPeer is the attribute XOR-PEER-ADDRESS.
type xorPeer netip.AddrPort

// AddTo is stun.Setter's.
func (p xorPeer) AddTo(m *stun.Message) error {
	at := netip.AddrPort(p)
	address := stun.XORMappedAddress{IP: net.IP(at.Addr().AsSlice()), Port: int(at.Port())}
	return address.AddToAs(m, stun.AttrXORPeerAddress)
}

func peerOf(m *stun.Message) (netip.AddrPort, bool) {
	peers := peersOf(m)
	if len(peers) != 1 {
		return netip.AddrPort{}, false
	}
	return peers[0], true
}

func peersOf(m *stun.Message) []netip.AddrPort {
	var peers []netip.AddrPort
	for _, attribute := range m.Attributes {
		if attribute.Type != stun.AttrXORPeerAddress {
			continue
		}
		one := &stun.Message{TransactionID: m.TransactionID, Attributes: stun.Attributes{attribute}}
		var peer stun.XORMappedAddress
		if peer.GetFromAs(one, stun.AttrXORPeerAddress) != nil {
			continue
		}
		if ip, ok := netip.AddrFromSlice(peer.IP); ok {
			peers = append(peers, netip.AddrPortFrom(ip.Unmap(), uint16(peer.Port)))
		}
	}
	return peers
}

// STUN as far as a packet has to be recognised (RFC 8489 section 5).
const (
	stunHeader  = 20
	magicCookie = 0x2112A442
)

func isSTUN(packet []byte) bool {
	return len(packet) >= stunHeader && packet[0]&0xC0 == 0 && binary.BigEndian.Uint32(packet[4:]) == magicCookie
}

// isChannelData recognises data of a TURN client (RFC 8656 section 12.4).
func isChannelData(packet []byte) bool { return len(packet) >= 4 && packet[0]&0xF0 == 0x40 }

// isBindingRequest recognises a connectivity check.
func isBindingRequest(packet []byte) bool {
	return len(packet) >= stunHeader && packet[0] == 0 && packet[1] == 1 && isSTUN(packet)
}

// isBindingSuccess recognises the answer to a connectivity check.
func isBindingSuccess(packet []byte) bool {
	return len(packet) >= stunHeader && packet[0] == 1 && packet[1] == 1 && isSTUN(packet)
}
