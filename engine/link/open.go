package link

import (
	"fmt"
	"strings"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

const (
	// streamLimit bounds the streams of one link, both sides' together.
	streamLimit = 256
	// labelPrefix marks the data channels that are streams.
	labelPrefix = "stream/"
	labelLimit  = 200
)

// Open opens a stream, while the link is up. The label tells the peer what it
// is for; at most 200 bytes.
func (l *Link) Open(label string) (*Stream, error) {
	if label == "" || len(label) > labelLimit {
		return nil, ErrLabel
	}
	select {
	case <-l.ended:
		return nil, l.endError()
	case <-l.closing:
		return nil, ErrClosed
	default:
	}
	if !l.status.Load().Up {
		return nil, ErrNotUp
	}
	if !l.allowed.Load() {
		return nil, ErrPolicy
	}
	if l.streamCount() >= streamLimit {
		return nil, ErrTooManyStreams
	}
	channel, err := l.peer.CreateDataChannel(labelPrefix+label, nil)
	if err != nil {
		return nil, fmt.Errorf("link: opening a stream: %w", err)
	}
	detached, err := channel.DetachWithDeadline()
	if err != nil {
		return nil, fmt.Errorf("link: opening a stream: %w", err)
	}
	s, ok := l.newStream(label, channel, detached)
	if !ok {
		return nil, l.endError()
	}
	return s, nil
}

func (l *Link) streamCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.streams)
}

// newStream begins to read a data channel; false once the link has ended.
func (l *Link) newStream(label string, channel *webrtc.DataChannel, detached datachannel.ReadWriteCloserDeadliner) (*Stream, bool) {
	s := &Stream{
		link: l, label: label, channel: detached, gate: newGate(channel, streamHigh, streamLow),
		incoming: make(chan *[]byte), closed: make(chan struct{}),
		reading: make(chan struct{}, 1), writing: make(chan struct{}, 1),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.ended:
		return nil, false
	default:
	}
	l.streams[s] = struct{}{}
	l.tasks.Go(s.pump)
	return s, true
}

// accepting is pion's callback for a data channel of the peer.
func (l *Link) accepting(channel *webrtc.DataChannel) {
	channel.OnOpen(func() {
		detached, err := channel.DetachWithDeadline()
		if err == nil {
			l.post(func() { l.streamCame(channel, detached) })
		}
	})
}

// streamCame takes a stream of the peer, or closes what is none.
func (l *Link) streamCame(channel *webrtc.DataChannel, detached datachannel.ReadWriteCloserDeadliner) {
	label, known := strings.CutPrefix(channel.Label(), labelPrefix)
	count := l.streamCount()
	if count >= 2*streamLimit {
		l.fail(fmt.Errorf("%w: data channels", ErrFlood))
		return
	}
	s, ok := l.newStream(label, channel, detached)
	switch {
	case !ok:
	case !known || label == "" || len(label) > labelLimit || count >= streamLimit || !channel.Ordered():
		_ = s.Close()
	case l.state.ready:
		l.deliverStream(s)
	default:
		l.state.heldStreams = append(l.state.heldStreams, s)
	}
}

func (l *Link) deliverStream(s *Stream) {
	select {
	case l.incoming <- s:
	default:
		_ = s.Close()
	}
}
