package link

import (
	"io"
	"sync"

	"github.com/pion/webrtc/v4"
)

// Limits of what waits to be sent over the control channel.
const (
	outboxMessages = 1024
	outboxBytes    = 8 << 20
)

// outbox holds control messages until the channel takes them. Signals go
// first, and before the link is up.
type outbox struct {
	wake chan struct{}

	mu       sync.Mutex
	signals  [][]byte
	messages [][]byte
	bytes    int
	released bool
	gate     *gate
}

func (o *outbox) add(message []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.messages) >= outboxMessages || o.bytes+len(message) > outboxBytes {
		return ErrQueueFull
	}
	o.messages = append(o.messages, message)
	o.bytes += len(message)
	o.notify()
	return nil
}

func (o *outbox) addSignal(message []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.signals) >= outboxMessages {
		return ErrQueueFull
	}
	o.signals = append(o.signals, message)
	o.notify()
	return nil
}

// release lets the application's messages go.
func (o *outbox) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.released = true
	o.notify()
}

// idle reports whether everything sent so far has arrived.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.signals) == 0 && o.gate != nil && o.gate.channel.BufferedAmount() == 0
}

// empty reports whether every signal and message has arrived.
func (o *outbox) empty() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.signals) == 0 && len(o.messages) == 0 && (o.gate == nil || o.gate.channel.BufferedAmount() == 0)
}

func (o *outbox) notify() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) next() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.signals) > 0 {
		message := o.signals[0]
		o.signals = o.signals[1:]
		return message
	}
	if o.released && len(o.messages) > 0 {
		message := o.messages[0]
		o.messages = o.messages[1:]
		o.bytes -= len(message)
		return message
	}
	return nil
}

// drain sends until the link ends.
func (o *outbox) drain(channel io.Writer, g *gate, ended <-chan struct{}) {
	o.mu.Lock()
	o.gate = g
	o.mu.Unlock()
	for {
		message := o.next()
		if message == nil {
			select {
			case <-o.wake:
			case <-ended:
				return
			}
			continue
		}
		for g.full() {
			select {
			case <-g.low:
			case <-ended:
				return
			}
		}
		if _, err := channel.Write(message); err != nil {
			return // the reader says why
		}
	}
}

// gate tells when a data channel has taken enough. pion's own way to wait
// keeps a single message under way, which costs a quarter of the throughput.
type gate struct {
	channel *webrtc.DataChannel
	high    uint64
	low     chan struct{}
}

func newGate(channel *webrtc.DataChannel, high, low uint64) *gate {
	g := &gate{channel: channel, high: high, low: make(chan struct{}, 1)}
	channel.SetBufferedAmountLowThreshold(low)
	channel.OnBufferedAmountLow(func() {
		select {
		case g.low <- struct{}{}:
		default:
		}
	})
	return g
}

func (g *gate) full() bool { return g.channel.BufferedAmount() > g.high }
