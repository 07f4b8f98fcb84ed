package link

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"

	"github.com/causeway-app/causeway/engine/path"
)

// The first byte of a control message says whose it is.
const (
	applicationMessage = 'a'
	signalMessage      = 's'
)

const (
	// messageQueue bounds the peer's messages that nobody has taken yet.
	messageQueue = 256
	// A peer that sends more control messages than this is dropped.
	messageRate, messageBurst = 200, 1024
	byteRate, byteBurst       = 2 << 20, 8 << 20
	// relayNameLimit bounds the relay's name that a peer tells.
	relayNameLimit = 256
	// Control messages wait in our queue, not in SCTP's.
	controlHigh, controlLow = 1 << 20, 256 << 10
)

// signal is what the two ends of a link say to each other. Unknown fields are
// ignored, so later versions may add some.
type signal struct {
	// Hello is the version of the protocol; the first signal has it.
	Hello int `json:"hello,omitempty"`
	// Path is about the sender's end of the selected pair.
	Path *told `json:"path,omitempty"`
	// Candidate is one that the sender found after its description had left.
	Candidate string `json:"candidate,omitempty"`
	// Restart asks the offering side to restart ICE.
	Restart string `json:"restart,omitempty"`
	// Flow asks the receiver to send less while a relay carries the link.
	Flow *flowWish `json:"flow,omitempty"`
}

const (
	protocolVersion = 1

	restartNow   = "now"
	restartStuck = "stuck"
)

// told is one end of the path, as only that end knows it.
type told struct {
	// Type is the local candidate's.
	Type string `json:"type"`
	// Relay is the TURN URI of a relayed candidate.
	Relay string `json:"relay,omitempty"`
	// To is the address that this end sends to.
	To string `json:"to,omitempty"`
	// Opening is what the address is that the peer sends to.
	Opening Opening `json:"opening,omitempty"`
}

// Send queues a control message for the peer: ordered, reliable, at most
// MaxMessage bytes. It never waits. Messages from before the link is up leave
// when it is.
func (l *Link) Send(message []byte) error {
	if len(message) > MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(message), MaxMessage)
	}
	select {
	case <-l.ended:
		return l.endError()
	case <-l.closing:
		return ErrClosed
	default:
	}
	return l.outbox.add(append([]byte{applicationMessage}, message...))
}

// endError is what users of an ended link get.
func (l *Link) endError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return fmt.Errorf("%w: %w", ErrClosed, l.cause)
	}
	return ErrClosed
}

// signal queues a signal for the other end.
func (l *Link) signal(s signal) {
	text, err := json.Marshal(s)
	if err == nil {
		err = l.outbox.addSignal(append([]byte{signalMessage}, text...))
	}
	if err != nil {
		l.log.Debug("a signal is lost", "peer", l.remote, "error", err)
	}
}

// controlOpened starts the two goroutines of the control channel.
func (l *Link) controlOpened(channel datachannel.ReadWriteCloserDeadliner, control *webrtc.DataChannel, err error) {
	if err != nil {
		l.fail(fmt.Errorf("link: control channel: %w", err))
		return
	}
	l.signal(signal{Hello: protocolVersion})
	l.tell()
	l.tasks.Go(func() { l.readControl(channel) })
	l.tasks.Go(func() { l.outbox.drain(channel, newGate(control, controlHigh, controlLow), l.ended) })
}

// readControl posts what the peer sends. Reading ends with the association.
func (l *Link) readControl(channel datachannel.ReadWriteCloserDeadliner) {
	messages := rate.NewLimiter(messageRate, messageBurst)
	bytes := rate.NewLimiter(byteRate, byteBurst)
	buffer := make([]byte, messageMost)
	for {
		count, err := channel.Read(buffer)
		switch {
		case err != nil:
			l.post(func() { l.fail(ErrPeerClosed) })
			return
		case !messages.Allow() || !bytes.AllowN(time.Now(), count):
			l.post(func() { l.fail(fmt.Errorf("%w: control messages", ErrFlood)) })
			return
		case count == 0:
			continue
		}
		message := append([]byte(nil), buffer[1:count]...)
		switch buffer[0] {
		case applicationMessage:
			l.post(func() { l.received(message) })
		case signalMessage:
			var s signal
			if err := json.Unmarshal(message, &s); err != nil {
				l.post(func() { l.fail(fmt.Errorf("%w: a signal that is none", ErrLost)) })
				return
			}
			l.post(func() { l.signaled(s) })
		}
	}
}

// received holds the application's messages back until the path is permitted.
func (l *Link) received(message []byte) {
	if l.state.ready {
		l.deliver(message)
		return
	}
	if len(l.state.heldMessages) >= messageQueue {
		l.fail(fmt.Errorf("%w: messages before the link is up", ErrFlood))
		return
	}
	l.state.heldMessages = append(l.state.heldMessages, message)
}

func (l *Link) deliver(message []byte) {
	select {
	case l.messages <- message:
	default:
		l.fail(fmt.Errorf("%w: %d messages wait to be read", ErrFlood, messageQueue))
	}
}

// signaled takes what the other end says.
func (l *Link) signaled(s signal) {
	if s.Hello > 0 && !l.state.hello {
		l.state.hello, l.state.dirty = true, true
		l.reconsider()
	}
	if s.Path != nil {
		l.state.peerWants = time.Time{} // it has a pair, so it is not stuck
		l.state.told = s.Path.checked()
		l.reconsider()
	}
	if s.Candidate != "" {
		l.candidateCame(s.Candidate)
	}
	if s.Flow != nil {
		l.flow.wished(*s.Flow)
	}
	if s.Restart != "" {
		l.restartWanted(s.Restart)
	}
}

// checked drops what is not the name of a TURN server: it is shown to the user.
func (t *told) checked() *told {
	relay := t.Relay
	known := strings.HasPrefix(relay, "turn:") || strings.HasPrefix(relay, "turns:")
	strange := strings.ContainsFunc(relay, func(r rune) bool { return r <= ' ' || r > '~' })
	if !known || strange || len(relay) > relayNameLimit || t.Type != path.RelayedType {
		relay = ""
	}
	return &told{Type: t.Type, Relay: relay, To: checkAddress(t.To), Opening: checkOpening(t.Opening)}
}

// tell tells the peer of this end of the selected pair.
func (l *Link) tell() {
	if l.state.local.Type != "" {
		l.state.openingTold = l.ownOpening()
		l.signal(signal{Path: &told{
			Type: l.state.local.Type, Relay: l.state.relay, To: l.state.remote.Address, Opening: l.state.openingTold,
		}})
	}
}
