package engine

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/signaling"
)

// Two linked peers find out which shares they have in common by greeting each
// other in each of them. A greeting names its room by a tag that only those
// who know the room can compute, and is sealed with the room's key, so a peer
// learns nothing of rooms that are not its own and cannot enter one whose
// secret it does not have. No rendezvous takes part.

// hello is what a peer says of itself in one share.
type hello struct {
	// InfoHash is hex, and empty until the peer can serve or fetch.
	InfoHash string `json:"info_hash,omitempty"`
	Name     string `json:"name,omitempty"`
	Total    int64  `json:"total,omitempty"`
	Files    int    `json:"files,omitempty"`
	// Preparing is how far hashing is, 0 to 1; negative when it is not going on.
	Preparing float64 `json:"preparing"`
	// Complete means that the peer has everything, verified and in its place.
	Complete bool `json:"complete,omitempty"`
	Paused   bool `json:"paused,omitempty"`
	// Left means that the peer is no longer in this share.
	Left bool `json:"left,omitempty"`
	// Reply asks for the other side's greeting.
	Reply bool `json:"reply,omitempty"`
	// Client is the program, Computer what its user calls the computer.
	Client   string `json:"client,omitempty"`
	Computer string `json:"computer,omitempty"`
}

// greetings is one control message.
type greetings struct {
	Rooms []greeting `json:"rooms"`
}

type greeting struct {
	Tag    string `json:"tag"`
	Sealed string `json:"sealed"`
}

const (
	// greetingsAtOnce keeps a control message below its 60 KiB.
	greetingsAtOnce = 40
	// nameLimit bounds every text that a peer says of itself, in bytes.
	nameLimit = 255
)

// own returns what this side says of itself in t.
func (o *owner) own(t *transfer, reply bool) hello {
	h := hello{
		Preparing: -1, Reply: reply, Paused: t.record.Paused,
		Client: o.config.Client, Computer: o.settings.Name,
		Complete: !t.sending() && t.complete,
	}
	if t.ready() {
		h.InfoHash = hex.EncodeToString(t.infoHash[:])
	}
	if t.sending() {
		h.Name, h.Total, h.Files = t.record.Name, t.record.Total, t.record.Files
		h.Complete = t.torrent != nil
	}
	if t.preparing {
		h.Preparing = 0
		if t.manifest != nil && t.manifest.Total > 0 {
			h.Total, h.Files = t.manifest.Total, len(t.manifest.Files)
			h.Preparing = float64(t.hashed) / float64(t.manifest.Total)
		}
	}
	return h
}

func (o *owner) sealHello(t *transfer, to link.Identity, h hello) greeting {
	from := o.dialer.Identity()
	text, _ := json.Marshal(h)
	tag := signaling.RoomTag(t.keys, from[:], to[:])
	return greeting{
		Tag:    base64.RawStdEncoding.EncodeToString(tag[:]),
		Sealed: signaling.Seal(t.keys, linkContext(from, to), text),
	}
}

func linkContext(from, to link.Identity) signaling.Context {
	return signaling.Context{Kind: signaling.KindLink, From: from[:], To: to[:]}
}

// greetAll greets one peer in every share.
func (o *owner) greetAll(p *peerLink) {
	var batch []greeting
	for _, t := range o.transfers {
		if t.record.Paused {
			continue
		}
		batch = append(batch, o.sealHello(t, p.identity, o.own(t, true)))
		if len(batch) == greetingsAtOnce {
			o.send(p, batch)
			batch = nil
		}
	}
	o.send(p, batch)
}

// greetEverybody greets every linked peer in one share: whoever is in it too
// answers, and so two linked peers need no rendezvous for their next share.
func (o *owner) greetEverybody(t *transfer) {
	for _, p := range o.links {
		if p.status.Up {
			o.send(p, []greeting{o.sealHello(t, p.identity, o.own(t, true))})
		}
	}
}

// greetMembers tells the peers of a share what has changed. What matters less
// is told at most twice a second.
func (o *owner) greetMembers(t *transfer, now bool) {
	if !now && time.Since(t.greeted) < 500*time.Millisecond {
		return
	}
	t.greeted = time.Now()
	for _, m := range t.members {
		o.greet(m)
	}
	o.wake()
}

func (o *owner) greet(m *member) {
	o.send(m.link, []greeting{o.sealHello(m.transfer, m.link.identity, o.own(m.transfer, false))})
}

func (o *owner) sayGoodbye(t *transfer) {
	for _, m := range t.members {
		o.send(m.link, []greeting{o.sealHello(t, m.link.identity, hello{Preparing: -1, Left: true})})
	}
}

func (o *owner) send(p *peerLink, batch []greeting) {
	if len(batch) == 0 || p.link == nil {
		return
	}
	message, _ := json.Marshal(greetings{Rooms: batch})
	if err := p.link.Send(message); err != nil {
		o.log.Debug("cannot greet", "peer", p.identity, "error", err)
	}
}

// received takes a control message of a peer.
func (o *owner) received(p *peerLink, message []byte) {
	var all greetings
	if json.Unmarshal(message, &all) != nil {
		o.log.Debug("a peer's message makes no sense", "peer", p.identity)
		return
	}
	own := o.dialer.Identity()
	for _, g := range all.Rooms[:min(len(all.Rooms), greetingsAtOnce)] {
		t := o.roomOf(p, g.Tag)
		if t == nil {
			continue
		}
		text, err := signaling.Open(t.keys, linkContext(p.identity, own), g.Sealed)
		var h hello
		if err != nil || json.Unmarshal(text, &h) != nil {
			o.log.Debug("a greeting is not sealed by this room", "peer", p.identity)
			continue
		}
		o.greeted(p, t, h)
	}
}

// roomOf finds the share that a peer's tag names; nil where it is none of ours.
func (o *owner) roomOf(p *peerLink, tag string) *transfer {
	if room, ok := p.tags[tag]; ok {
		if t := o.rooms[room]; t != nil {
			return t
		}
	}
	own := o.dialer.Identity()
	p.tags = make(map[string]invite.Room, len(o.transfers))
	for _, t := range o.transfers {
		expected := signaling.RoomTag(t.keys, p.identity[:], own[:])
		p.tags[base64.RawStdEncoding.EncodeToString(expected[:])] = t.keys.Room
	}
	return o.rooms[p.tags[tag]]
}

// greeted takes what a peer says of itself in a share of ours.
func (o *owner) greeted(p *peerLink, t *transfer, h hello) {
	o.changed = true
	if h.Left {
		if m := t.members[p.identity]; m != nil {
			o.dropMember(m)
		}
		return
	}
	if t.record.Paused {
		return
	}
	m := o.member(p, t)
	h.Name, h.Client, h.Computer = bounded(h.Name), bounded(h.Client), bounded(h.Computer)
	m.hello, m.greeted = h, true
	p.greetedAt = time.Now()
	t.clearPathProblem()
	if h.Reply {
		o.greet(m)
	}
	if !t.sending() {
		o.hearOf(t, h)
	}
	if t.sending() && h.Complete && !t.served[p.identity] {
		t.served[p.identity] = true
		t.record.Receivers++
		m.progress = 1
		o.saveRecord(t)
	}
	if h.Paused && m.stream != nil {
		m.detach()
	}
	m.openAfter = time.Time{}
	o.attachMembers(t, time.Now())
	o.wake()
}

// hearOf learns from a peer what the share is.
func (o *owner) hearOf(t *transfer, h hello) {
	if t.torrent != nil {
		return
	}
	if h.Total > 0 || h.Name != "" {
		t.record.Name, t.record.Total, t.record.Files = h.Name, max(h.Total, 0), max(h.Files, 0)
	}
	infoHash, err := hex.DecodeString(h.InfoHash)
	if err == nil && len(infoHash) == len(t.infoHash) {
		o.saveRecord(t)
		o.learn(t, [20]byte(infoHash), nil)
	}
}

func bounded(text string) string { return text[:min(len(text), nameLimit)] }
