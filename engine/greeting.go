package engine

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/causeway-app/causeway/engine/invite"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
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
	// Skipped counts what the sender has there and does not share. Receivers
	// pass on what they were told.
	Skipped int `json:"skipped,omitempty"`
	// Preparing is how far hashing is, 0 to 1; negative when it is not going on.
	Preparing float64 `json:"preparing"`
	// Complete means that the peer has everything, verified and in its place.
	Complete bool `json:"complete,omitempty"`
	Paused   bool `json:"paused,omitempty"`
	// Held means that its relayed bytes wait for its user's answer.
	Held bool `json:"held,omitempty"`
	// Left means that the peer is no longer in this share.
	Left bool `json:"left,omitempty"`
	// Receiver names a receiver in this share alone, for good.
	Receiver string `json:"receiver,omitempty"`
	// Looking means that a receiver has not accepted yet what is offered, Pieces
	// is how many it wants where it has chosen some, and Sender is what it was
	// told the sender is called.
	Looking bool   `json:"looking,omitempty"`
	Pieces  int    `json:"pieces,omitempty"`
	Sender  string `json:"sender,omitempty"`
	// LimitUp and LimitDown bound all that the peer sends and receives, in bytes
	// a second; 0 is no limit. They are for peers in its own network too where
	// LimitLAN says so.
	LimitUp   int64 `json:"limit_up,omitempty"`
	LimitDown int64 `json:"limit_down,omitempty"`
	LimitLAN  bool  `json:"limit_lan,omitempty"`
	// Reply asks for the other side's greeting.
	Reply bool `json:"reply,omitempty"`
	// Client is the program, Computer what its user calls the computer.
	Client   string `json:"client,omitempty"`
	Computer string `json:"computer,omitempty"`
	// Network is what it knows of its network.
	Network toldFindings `json:"network"`
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
	// servedLimit bounds the receivers that are remembered, a share.
	servedLimit = 10_000
	// doubtAfter is how long an info-hash is believed without its info.
	doubtAfter = 15 * time.Second
)

// own returns what this side says of itself in t.
func (o *owner) own(t *transfer, reply bool) hello {
	h := hello{
		Preparing: -1, Reply: reply, Paused: t.record.Paused,
		Client: o.config.Client, Computer: o.settings.Name,
		Complete: !t.sending() && t.complete, Receiver: t.record.Receiver, Skipped: t.record.Skipped,
		Network: toldFindings{o.findings()},
	}
	h.LimitUp, h.LimitDown = o.limits()
	h.LimitLAN = o.limited.lan
	if t.ready() {
		h.InfoHash = hex.EncodeToString(t.infoHash[:])
	}
	if !t.sending() {
		h.Looking, h.Sender = t.offered(), t.record.Sender
	}
	if t.record.Choice != nil {
		h.Pieces = t.progress.Pieces
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

// greetingTo is what one peer is told in t.
func (o *owner) greetingTo(t *transfer, to link.Identity, reply bool) greeting {
	h := o.own(t, reply)
	if m := t.members[to]; m != nil {
		h.Held = m.held
	}
	return o.sealHello(t, to, h)
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
		batch = append(batch, o.greetingTo(t, p.identity, true))
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
			o.send(p, []greeting{o.greetingTo(t, p.identity, true)})
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
	o.send(m.link, []greeting{o.greetingTo(m.transfer, m.link.identity, false)})
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
	if !o.current(p) {
		return // ended on this side
	}
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
	if p.tags != nil && p.tagsFor == o.roomsChanged {
		return o.rooms[p.tags[tag]]
	}
	own := o.dialer.Identity()
	p.tagsFor = o.roomsChanged
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
			o.signaling.Reannounce(t.keys.Room)
		}
		return
	}
	if t.record.Paused {
		return
	}
	m := o.member(p, t)
	if !m.greeted {
		// Where somebody came, others may have, whom the trackers did not give
		// an offer and of whom they tell only when they are asked.
		o.signaling.Reannounce(t.keys.Room)
	}
	m.hello, m.greeted = h.checked(), true
	t.clearPathProblem()
	if h.Network.Findings != (netcheck.Findings{}) {
		p.findings = h.Network.Findings
	}
	if h.Reply {
		o.greet(m)
	}
	if !t.sending() {
		o.hearOf(t, m.hello)
	} else if h.Complete {
		o.countReceiver(m)
	}
	if m.stream != nil && (h.Paused || h.Held && p.status.Path == path.Relayed) {
		m.detach()
	}
	m.openAfter = time.Time{}
	o.attachMembers(t, time.Now())
	o.wake()
}

// countReceiver notes that a peer has everything. A receiver that comes again,
// to this process or to a later one, is counted once.
func (o *owner) countReceiver(m *member) {
	t := m.transfer
	if t.served[m.link.identity] {
		return
	}
	t.served[m.link.identity] = true
	m.progress = 1
	name := cmp.Or(m.hello.Receiver, m.link.identity.String())
	if !slices.Contains(t.record.Served, name) && len(t.record.Served) < servedLimit {
		t.record.Served = append(t.record.Served, name)
		t.record.Finished = time.Now()
		t.record.met(m.hello.Computer)
		o.remember(t)
		o.saveRecord(t)
	}
}

// hearAll goes through what peers have said already.
func (o *owner) hearAll(t *transfer) {
	for _, m := range t.members {
		if m.greeted {
			o.hearOf(t, m.hello)
		}
	}
}

// hearOf learns from a peer what the share is.
func (o *owner) hearOf(t *transfer, h hello) {
	if h.Receiver == "" || t.record.Skipped == 0 { // the sender knows best
		t.record.Skipped = h.Skipped
	}
	if h.Receiver == "" && h.Computer != "" {
		t.record.Sender = h.Computer
	} else if t.record.Sender == "" {
		t.record.Sender = h.Sender
	}
	if t.torrent != nil {
		o.doubt(t, h)
		return
	}
	if t.offered() && t.known {
		return // nothing more is asked before it is accepted
	}
	if !t.record.has(infoFile) && (h.Total > 0 || h.Name != "") {
		t.record.Name, t.record.Total, t.record.Files = h.Name, h.Total, h.Files
	}
	infoHash, err := hex.DecodeString(h.InfoHash)
	if err == nil && len(infoHash) == len(t.infoHash) && (t.sink != nil || t.offered() && !t.opening) && !t.failed() {
		o.saveRecord(t)
		o.learn(t, [20]byte(infoHash))
	}
}

// doubt begins anew where a peer says another info-hash than the one whose info
// nobody has sent for a while: whoever said that was wrong.
func (o *owner) doubt(t *transfer, h hello) {
	_, known := t.torrent.Info()
	other := h.InfoHash != "" && h.InfoHash != hex.EncodeToString(t.infoHash[:])
	if known || !other || time.Since(t.learned) < doubtAfter {
		return
	}
	o.log.Info("nobody has the share that was heard of first", "transfer", t.id)
	o.detachMembers(t)
	for _, m := range t.members {
		m.greeted = m.greeted && m.hello.InfoHash == h.InfoHash
	}
	o.start(t)
}

// checked returns h with everything in its bounds: a peer may say anything.
func (h hello) checked() hello {
	h.Name, h.Client, h.Computer, h.Sender = shown(h.Name), shown(h.Client), shown(h.Computer), shown(h.Sender)
	h.Pieces = max(h.Pieces, 0)
	h.Total, h.Files, h.Skipped = max(h.Total, 0), max(h.Files, 0), max(h.Skipped, 0)
	h.LimitUp, h.LimitDown = checkedLimit(h.LimitUp), checkedLimit(h.LimitDown)
	h.Preparing = min(max(h.Preparing, -1), 1)
	if len(h.InfoHash) != 40 {
		h.InfoHash = ""
	}
	if len(h.Receiver) > nameLimit {
		h.Receiver = ""
	}
	return h
}

// shown returns a peer's text without what would not stay in its place on a
// screen: control characters, and those that turn the direction of writing.
func shown(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), nameLimit)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}
