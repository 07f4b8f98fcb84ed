package engine

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/signaling"
)

// streamLabel comes before the room's tag in a stream's label.
const streamLabel = "swarm:"

// reopenPause is doubled with every stream that ended early, up to reopenLimit.
const (
	reopenPause = time.Second
	reopenLimit = time.Minute
)

// member returns the peer's place in a transfer, new if need be.
func (o *owner) member(p *peerLink, t *transfer) *member {
	m := t.members[p.identity]
	if m == nil || m.link != p {
		if m != nil {
			o.dropMember(m)
		}
		m = &member{transfer: t, link: p, joined: time.Now(), hello: hello{Preparing: -1}}
		t.members[p.identity] = m
	}
	return m
}

func (o *owner) dropMember(m *member) {
	m.detach()
	if t := m.transfer; t.members[m.link.identity] == m {
		delete(t.members, m.link.identity)
		t.gone = t.gone.plus(m.past)
	}
	o.changed = true
}

func (o *owner) detachMembers(t *transfer) {
	for _, m := range t.members {
		m.detach()
	}
}

// attachMembers opens a stream to every peer that is ready and has none. Of
// two peers the one with the lower identity opens.
func (o *owner) attachMembers(t *transfer, now time.Time) {
	if !t.ready() {
		return
	}
	own := o.dialer.Identity()
	for _, m := range t.members {
		if m.stream != nil || !m.wants() || m.held || !m.link.status.Up || now.Before(m.openAfter) {
			continue
		}
		if bytes.Compare(own[:], m.link.identity[:]) > 0 {
			continue
		}
		m.openAfter = now.Add(min(reopenPause<<min(m.openTries, 10), reopenLimit))
		m.openTries++
		tag := signaling.RoomTag(t.keys, own[:], m.link.identity[:])
		stream, err := m.link.link.Open(streamLabel + hex.EncodeToString(tag[:]))
		if err != nil {
			o.log.Debug("cannot open a stream", "peer", m.link.identity, "error", err)
			continue
		}
		o.attach(m, stream)
	}
}

// wants reports whether the peer can serve or fetch the very same torrent.
func (m *member) wants() bool {
	if m.hello.Held && m.link.status.Path == path.Relayed {
		return false // it would close the stream at once
	}
	return m.greeted && !m.hello.Paused && m.hello.InfoHash == hex.EncodeToString(m.transfer.infoHash[:])
}

// streamCame takes a stream that the peer opened.
func (o *owner) streamCame(p *peerLink, stream *link.Stream) {
	text, named := strings.CutPrefix(stream.Label(), streamLabel)
	tag, err := hex.DecodeString(text)
	own := o.dialer.Identity()
	if named && err == nil && o.current(p) {
		for _, t := range o.transfers {
			expected := signaling.RoomTag(t.keys, p.identity[:], own[:])
			if bytes.Equal(tag, expected[:]) && t.ready() {
				m := o.member(p, t) // its greeting may be on its way still
				if o.held(m) {
					break
				}
				m.detach()
				o.attach(m, stream)
				return
			}
		}
	}
	stream.Close()
}

func (o *owner) attach(m *member, stream *link.Stream) {
	m.stream, m.attachedAt = stream, time.Now()
	o.changed = true
	o.wake()
	ended := make(chan error, 1)
	m.transfer.torrent.Attach(stream, m.link.identity.Address(), func(err error) { ended <- err })
	o.background(func() {
		select {
		case err := <-ended:
			o.post(func() { o.streamEnded(m, stream, err) })
		case <-o.ctx.Done():
		}
	})
}

func (o *owner) streamEnded(m *member, stream *link.Stream, err error) {
	o.log.Debug("stream ended", "peer", m.link.identity, "transfer", m.transfer.id, "error", err)
	if m.stream == stream {
		m.detach()
		if time.Since(m.attachedAt) > reopenLimit {
			m.openTries = 0 // it was good for a while
		}
		o.changed = true
	}
}

// detach closes the stream and keeps its counts.
func (m *member) detach() {
	if m.stream == nil {
		return
	}
	m.stream.Close()
	m.past = m.counts()
	m.stream = nil
}
