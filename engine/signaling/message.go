package signaling

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/causeway-app/causeway/engine/invite"
)

// Limits of tracker messages. A public tracker (aquatic_ws) takes 64 KiB a
// message, 16 KiB a WebSocket frame and 10 offers an announce by default, and
// hangs up on more.
const (
	maxIncoming  = 256 << 10
	maxAnnounce  = 56 << 10
	maxOffers    = 10
	maxFrame     = 8 << 10
	maxComplaint = 200
	maxOthers    = 1 << 20
)

var errMessage = errors.New("signaling: not a tracker message")

// byteString is a string of bytes as WebTorrent puts it into JSON: one rune a byte.
type byteString string

func toByteString(data [20]byte) byteString {
	var text strings.Builder
	for _, b := range data {
		text.WriteRune(rune(b))
	}
	return byteString(text.String())
}

// bytes returns the 20 bytes of an id or hash.
func (b byteString) bytes() (data [20]byte, err error) {
	n := 0
	for _, r := range string(b) {
		if r > 0xff || n == len(data) {
			return [20]byte{}, fmt.Errorf("%w: a binary string which is not 20 bytes", errMessage)
		}
		data[n] = byte(r)
		n++
	}
	if n < len(data) {
		return [20]byte{}, fmt.Errorf("%w: a binary string of %d bytes", errMessage, n)
	}
	return data, nil
}

// description has the form of a WebRTC session description; the sealed text
// takes the place of the SDP.
type description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

type wireOffer struct {
	Offer   description `json:"offer"`
	OfferID byteString  `json:"offer_id"`
}

// outgoing is every message to a tracker. Uploaded, Downloaded and Left are the
// same always, so that a tracker learns nothing of a transfer.
type outgoing struct {
	Action     string       `json:"action"`
	InfoHash   byteString   `json:"info_hash"`
	PeerID     byteString   `json:"peer_id"`
	Numwant    int          `json:"numwant"`
	Uploaded   int          `json:"uploaded"`
	Downloaded int          `json:"downloaded"`
	Left       int          `json:"left"`
	Event      string       `json:"event,omitempty"`
	Offers     []wireOffer  `json:"offers,omitempty"`
	Answer     *description `json:"answer,omitempty"`
	ToPeerID   byteString   `json:"to_peer_id,omitempty"`
	OfferID    byteString   `json:"offer_id,omitempty"`
}

func newOutgoing(self PeerID, room invite.Room) outgoing {
	return outgoing{Action: "announce", InfoHash: toByteString(room), PeerID: toByteString(self), Left: 1}
}

func (o outgoing) encode() []byte {
	data, err := json.Marshal(o)
	if err != nil {
		panic("signaling: " + err.Error()) // strings and numbers always encode
	}
	return data
}

// incoming is what a tracker message says, checked.
type incoming struct {
	// room is nil in a complaint about nothing in particular.
	room *invite.Room
	// complaint is a failure reason or warning message, as an error.
	complaint error
	// sealed is an offer's or an answer's text; kind says which, 0 is neither.
	kind    Kind
	from    PeerID
	offerID OfferID
	sealed  string
	// others is below 0 when the message counts nobody.
	others int
	// interval is 0 when the message asks for none.
	interval time.Duration
}

type wireIncoming struct {
	Action     string       `json:"action"`
	InfoHash   *byteString  `json:"info_hash"`
	PeerID     byteString   `json:"peer_id"`
	OfferID    byteString   `json:"offer_id"`
	Offer      *description `json:"offer"`
	Answer     *description `json:"answer"`
	Complete   *float64     `json:"complete"`
	Incomplete *float64     `json:"incomplete"`
	Interval   float64      `json:"interval"`
	Failure    string       `json:"failure reason"`
	Warning    string       `json:"warning message"`
}

// parseMessage reads a tracker's message. Its errors wrap errMessage; such a
// message is to be ignored.
func parseMessage(data []byte) (incoming, error) {
	var wire wireIncoming
	if err := json.Unmarshal(data, &wire); err != nil {
		return incoming{}, fmt.Errorf("%w: %w", errMessage, err)
	}
	message := incoming{others: -1, complaint: wire.complaint()}
	if wire.InfoHash != nil {
		room, err := wire.InfoHash.bytes()
		if err != nil {
			return incoming{}, err
		}
		message.room = (*invite.Room)(&room)
	}
	switch {
	case wire.Failure != "" || (wire.Warning != "" && message.room == nil):
		return message, nil // there is nothing else in it
	case wire.Action != "announce" || message.room == nil:
		return incoming{}, fmt.Errorf("%w: no announce", errMessage)
	case wire.Offer != nil && wire.Answer != nil:
		return incoming{}, fmt.Errorf("%w: offer and answer in one", errMessage)
	case wire.Offer != nil:
		return message, message.carry(KindOffer, "offer", *wire.Offer, wire)
	case wire.Answer != nil:
		return message, message.carry(KindAnswer, "answer", *wire.Answer, wire)
	}
	message.count(wire)
	return message, nil
}

func (m *incoming) carry(kind Kind, name string, description description, wire wireIncoming) error {
	if description.Type != name {
		return fmt.Errorf("%w: %s of another type", errMessage, name)
	}
	if len(description.SDP) > MaxSealed {
		return fmt.Errorf("%w: %s of %d bytes", errMessage, name, len(description.SDP))
	}
	from, err := wire.PeerID.bytes()
	if err != nil {
		return err
	}
	offerID, err := wire.OfferID.bytes()
	if err != nil {
		return err
	}
	m.kind, m.from, m.offerID, m.sealed = kind, from, offerID, description.SDP
	return nil
}

func (m *incoming) count(wire wireIncoming) {
	if wire.Complete != nil || wire.Incomplete != nil {
		total := 0.0
		for _, part := range []*float64{wire.Complete, wire.Incomplete} {
			if part != nil {
				total += min(max(*part, 0), maxOthers)
			}
		}
		m.others = max(int(total)-1, 0)
	}
	// Bounded before the conversion, which would overflow.
	m.interval = time.Duration(min(max(wire.Interval, 0), 24*60*60) * float64(time.Second))
}

func (w wireIncoming) complaint() error {
	switch {
	case w.Failure != "":
		return fmt.Errorf("%w: %s", ErrRefused, printable(w.Failure))
	case w.Warning != "":
		return fmt.Errorf("%w: %s", ErrWarned, printable(w.Warning))
	}
	return nil
}

// printable makes a stranger's text fit for a terminal.
func printable(text string) string {
	var kept []rune
	for _, r := range text {
		if len(kept) == maxComplaint {
			return string(kept) + "…"
		}
		if unicode.IsPrint(r) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}
