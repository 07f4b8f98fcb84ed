package netcheck

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// trialPatience bounds all stages but the throughput.
	trialPatience = 7 * time.Second
	// probeAfter is how long UDP may be silent before TCP is looked at.
	probeAfter = 600 * time.Millisecond
	// relayGrace is how long a server that answers STUN may take to answer TURN.
	relayGrace = 700 * time.Millisecond
	// releasePatience bounds the release of an allocation, whatever else ended.
	releasePatience = time.Second
	echoPatience    = 2 * time.Second
	echoInterval    = 200 * time.Millisecond
	echoBytes       = 32
)

// The channels of the two allocations (RFC 8656 section 12).
const (
	firstChannel  = 0x4000
	secondChannel = 0x4001
)

// errLost is an echo that did not come back.
var errLost = errors.New("netcheck: nothing comes back through the relay")

// trial is one test of one TURN server. One goroutine runs it.
type trial struct {
	server  Server
	options Options
	log     *slog.Logger
	at      endpoint
	found   []netip.AddrPort
	address netip.AddrPort
	// first and second are the two clients. second is first itself where the
	// server grants only one allocation.
	first, second *session
	result        TURNResult
	refusedUDP    bool // ICMP said that the port is closed
}

// TestTURN uses a TURN server for real: it resolves the name, connects,
// allocates, sends through two allocations on that server and back, measures
// the throughput, and gives both allocations back. It takes at most about 8 s
// and the time of Options.Throughput, and ends early with ctx.
func TestTURN(ctx context.Context, server Server, options Options) TURNResult {
	t := newTrial(server, options)
	t.run(ctx)
	t.close()
	return t.result
}

func newTrial(server Server, options Options) *trial {
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if options.patience == nil {
		options.patience = patient
	}
	return &trial{server: server, options: options, log: log.With("server", server.URL), result: TURNResult{URL: server.URL}}
}

func (t *trial) run(ctx context.Context) {
	all := ctx
	ctx, stop := context.WithTimeout(ctx, trialPatience)
	defer stop()
	worked := t.open(ctx) &&
		t.stage(Permission, func() error { return t.permit(ctx) }) &&
		t.stage(Channel, func() error { return t.bind(ctx) }) &&
		t.stage(Echo, func() error { return t.echo(ctx) }) &&
		(t.options.Throughput < 0 || t.measure(all))
	t.finish(worked)
}

// open goes as far as the allocation; of two, where all is to be tested.
func (t *trial) open(ctx context.Context) bool {
	return t.stage(Resolve, func() error { return t.resolve(ctx) }) &&
		t.stage(Connect, func() error { return t.connect(ctx) }) &&
		t.stage(Allocate, func() error { return t.allocate(ctx) })
}

// finish releases what there is. After a failure nobody asks how that went.
func (t *trial) finish(worked bool) {
	if worked {
		t.stage(Release, t.release)
	} else {
		_ = t.release()
	}
}

// stage runs one step and records it.
func (t *trial) stage(name Stage, step func() error) bool {
	began := time.Now()
	err := step()
	s := StageResult{Stage: name, Took: time.Since(began)}
	if err != nil {
		var known *Failure
		if !errors.As(err, &known) {
			known = newFailure(name, err)
		}
		s.Failure, t.result.Failure = known, known
		t.log.Info("TURN server failed", "stage", name, "reason", known.Reason, "code", known.Code, "error", known.Err)
	}
	if t.first != nil {
		t.result.RTT = t.first.rtt
	}
	t.result.Stages = append(t.result.Stages, s)
	if t.options.OnStage != nil {
		t.options.OnStage(s)
	}
	return err == nil
}

func (t *trial) resolve(ctx context.Context) error {
	at, err := parse(t.server.URL)
	if err != nil {
		return err
	}
	t.at = at
	if t.found, err = at.resolve(ctx); err != nil {
		return err
	}
	t.address = prefer(t.found)
	return nil
}

// connect opens the connection and sees that the server answers on it.
func (t *trial) connect(ctx context.Context) error {
	if t.at.tcp {
		return t.connectStream(ctx)
	}
	probing, stop := context.WithCancel(ctx)
	probed := make(chan bool, 1)
	go func() { probed <- t.answersTCP(probing) }()
	err := t.connectUDP(ctx)
	if err == nil || !timedOut(err) && !errors.Is(err, errRefused) {
		stop()
		<-probed
		return err
	}
	t.refusedUDP = errors.Is(err, errRefused)
	overTCP := <-probed
	stop()
	if overTCP {
		return &Failure{Stage: Connect, Reason: TCPOnly, Err: err}
	}
	return err
}

func (t *trial) connectUDP(ctx context.Context) error {
	s, err := t.dial(ctx)
	if err != nil {
		return err
	}
	t.first = s
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// A server of STUN alone has no answer to an allocation.
	bound := make(chan error, 1)
	go func() { bound <- t.ping(ctx, s.wire) }()
	greeted := make(chan error, 1)
	go func() { greeted <- s.hello(ctx, t.options.patience) }()
	var grace <-chan time.Time
	for {
		select {
		case err := <-greeted:
			stop()
			if bound != nil {
				<-bound
			}
			return err
		case err := <-bound:
			bound = nil
			if err == nil {
				grace = time.After(relayGrace)
			}
		case <-grace:
			stop()
			<-greeted
			return nil // allocate tells
		}
	}
}

// ping is a Binding request.
func (t *trial) ping(ctx context.Context, w *wire) error {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return err
	}
	_, err = w.request(ctx, m, t.address, t.options.patience)
	return err
}

func (t *trial) connectStream(ctx context.Context) error {
	s, err := t.dial(ctx)
	if err != nil {
		return err
	}
	t.first = s
	err = s.hello(ctx, t.options.patience)
	if errors.Is(err, errSilent) {
		// Somebody has accepted the connection, and says nothing.
		err = fmt.Errorf("%w: %w", errNotSTUN, err)
	}
	return err
}

func (t *trial) dial(ctx context.Context) (*session, error) {
	c, err := t.at.dial(ctx, t.address, t.options.roots)
	if err != nil {
		return nil, err
	}
	return &session{wire: newWire(c), server: t.address, username: t.server.Username, password: t.server.Password}, nil
}

// answersTCP looks whether the server whose UDP is silent answers by TCP at the
// same port.
func (t *trial) answersTCP(ctx context.Context) bool {
	select {
	case <-time.After(probeAfter):
	case <-ctx.Done():
		return false
	}
	other := t.at
	other.tcp = true
	c, err := other.dial(ctx, t.address, t.options.roots)
	if err != nil {
		return false
	}
	s := &session{wire: newWire(c), server: t.address}
	defer s.close()
	return s.hello(ctx, brisk) == nil
}

// allocate opens the two allocations.
func (t *trial) allocate(ctx context.Context) error {
	if !t.first.asked {
		return fmt.Errorf("%w: it answers STUN and no allocation", errNotSTUN)
	}
	if t.server.Username == "" || t.server.Password == "" {
		return &Failure{Stage: Allocate, Reason: NoCredentials, Realm: t.first.realm,
			Err: errors.New("netcheck: there is no username or no password")}
	}
	if err := t.first.allocate(ctx, t.options.patience); err != nil {
		return t.refused(ctx, err)
	}
	if t.options.short {
		return nil
	}
	second, err := t.dial(ctx)
	if err != nil {
		return err
	}
	t.second = second
	if err := second.hello(ctx, t.options.patience); err != nil {
		return err
	}
	err = second.allocate(ctx, t.options.patience)
	var r *refusal
	if errors.As(err, &r) && r.Code == int(stun.CodeAllocQuotaReached) {
		// One allocation is enough for a transfer, and can send to itself.
		t.log.Info("the server grants one allocation only")
		t.end(second)
		t.second = t.first
		return nil
	}
	return err
}

// refused says what a refusal of the first allocation means.
func (t *trial) refused(ctx context.Context, err error) error {
	f := newFailure(Allocate, err)
	if f.Realm == "" {
		f.Realm = t.first.realm
	}
	if len(t.first.nonce) == 0 {
		// Before credentials: a STUN server, or what is none at all.
		switch f.Code {
		case int(stun.CodeBadRequest), int(stun.CodeUnknownAttribute), 404, 405, 500, 501:
			f.Reason = NotTURN
		}
		return f
	}
	expected := t.server.Realm
	if expected == "" {
		expected = realmOf(t.server.Username)
	}
	credentialFailure(f, t.server.Username, expected, time.Now())
	if f.Reason == WrongPassword || f.Reason == WrongRealm {
		t.tryRealms(ctx, f, expected)
	}
	return f
}

// tryRealms finds out whether a refused password is right for another realm.
// coturn keeps the key that is made from username, realm and password, so after
// a change of its realm it announces one and has keys of another. Only realms
// that the settings themselves name are tried.
func (t *trial) tryRealms(ctx context.Context, f *Failure, expected string) {
	candidates := []string{expected, t.at.host}
	if _, domain, found := strings.Cut(t.at.host, "."); found && net.ParseIP(t.at.host) == nil {
		candidates = append(candidates, domain)
	}
	tried := map[string]bool{"": true, t.first.realm: true}
	for _, realm := range candidates {
		if tried[realm] {
			continue
		}
		tried[realm] = true
		t.first.key = stun.NewLongTermIntegrity(t.server.Username, realm, t.server.Password)
		err := t.first.allocate(ctx, brisk)
		var r *refusal
		if err == nil {
			f.Reason, f.Expected, f.Proven = WrongRealm, realm, true
			return
		}
		if !errors.As(err, &r) {
			return
		}
	}
}

func (t *trial) permit(ctx context.Context) error {
	if err := t.first.permit(ctx, t.second.relayed); err != nil || t.first == t.second {
		return err
	}
	return t.second.permit(ctx, t.first.relayed)
}

func (t *trial) bind(ctx context.Context) error {
	if err := t.first.bind(ctx, firstChannel, t.second.relayed); err != nil || t.first == t.second {
		return err
	}
	return t.second.bind(ctx, secondChannel, t.first.relayed)
}

// echo sends a few bytes through both allocations and back.
func (t *trial) echo(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, echoPatience)
	defer stop()
	payload := make([]byte, echoBytes)
	_, _ = rand.Read(payload) // never fails
	came := make(chan struct{}, 1)
	home := func(_ uint16, data []byte) {
		if string(data) == string(payload) {
			select {
			case came <- struct{}{}:
			default:
			}
		}
	}
	t.first.data.Store(&home)
	if t.second != t.first {
		back := func(_ uint16, data []byte) { _ = t.second.sendData(secondChannel, data) }
		t.second.data.Store(&back)
	}
	for {
		if err := t.first.sendData(firstChannel, payload); err != nil {
			return err
		}
		select {
		case <-came:
			return t.reachable()
		case <-time.After(echoInterval):
		case <-ctx.Done():
			return &Failure{Stage: Echo, Reason: EchoLost, Err: errLost}
		}
	}
}

// reachable finds a server that tells its clients an inside address: such a
// relay works with itself and with nobody else.
func (t *trial) reachable() error {
	if scopeOf(t.address.Addr()) <= scopeOf(t.first.relayed.Addr()) {
		return nil
	}
	return &Failure{Stage: Echo, Reason: EchoLost, Err: fmt.Errorf(
		"netcheck: the server is at %s and gives out %s, where nobody outside reaches it; its external address is not configured",
		t.address.Addr(), t.first.relayed.Addr())}
}

// release gives the allocations back, even where the test was told to end.
func (t *trial) release() error {
	ctx, stop := context.WithTimeout(context.Background(), releasePatience)
	defer stop()
	second := make(chan error, 1)
	go func() {
		if t.second == nil || t.second == t.first {
			second <- nil
			return
		}
		second <- t.second.release(ctx)
	}()
	var err error
	if t.first != nil {
		err = t.first.release(ctx)
	}
	return errors.Join(err, <-second)
}

// close ends the connections and counts what went over them.
func (t *trial) close() {
	for _, s := range []*session{t.first, t.second} {
		if s != nil {
			t.end(s)
		}
		if t.second == t.first {
			return
		}
	}
}

func (t *trial) end(s *session) {
	s.close()
	t.result.BytesUsed += s.in.Load() + s.out.Load()
}
