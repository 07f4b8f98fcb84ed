package rendezvous

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// id is an info-hash or a peer id. In JSON each byte is one character U+0000
// to U+00FF, as JavaScript's binary strings are.
type id [20]byte

func decodeID(text string) (id, bool) {
	var decoded id
	count := 0
	for _, r := range text {
		if r > 0xff || count == len(decoded) {
			return id{}, false
		}
		decoded[count] = byte(r)
		count++
	}
	return decoded, count == len(decoded)
}

func (i id) String() string {
	runes := make([]rune, len(i))
	for at, b := range i {
		runes[at] = rune(b)
	}
	return string(runes)
}

// message is what a client sends. Fields that clients are known to send in
// several types are read with care rather than failing the message.
type message struct {
	Action   string          `json:"action"`
	InfoHash json.RawMessage `json:"info_hash"`
	PeerID   string          `json:"peer_id"`
	ToPeerID string          `json:"to_peer_id"`
	Event    string          `json:"event"`
	NumWant  json.RawMessage `json:"numwant"`
	Left     json.RawMessage `json:"left"`
	Offers   []offer         `json:"offers"`
	Answer   json.RawMessage `json:"answer"`
	OfferID  string          `json:"offer_id"`
}

// offer goes from one peer to another unread: it may be sealed.
type offer struct {
	Offer   json.RawMessage `json:"offer"`
	OfferID string          `json:"offer_id"`
}

// The replies and what is handed on.
type (
	announceReply struct {
		Action     string `json:"action"`
		Interval   int    `json:"interval"`
		InfoHash   string `json:"info_hash"`
		Complete   int    `json:"complete"`
		Incomplete int    `json:"incomplete"`
	}
	scrapeReply struct {
		Action string               `json:"action"`
		Files  map[string]roomCount `json:"files"`
		Flags  scrapeFlags          `json:"flags"`
	}
	roomCount struct {
		Complete   int `json:"complete"`
		Incomplete int `json:"incomplete"`
		// Downloaded is a lower bound, as in other WebTorrent trackers.
		Downloaded int `json:"downloaded"`
	}
	scrapeFlags struct {
		MinRequestInterval int `json:"min_request_interval"`
	}
	failure struct {
		Action   string `json:"action,omitempty"`
		Reason   string `json:"failure reason"`
		InfoHash string `json:"info_hash,omitempty"`
	}
	handedOn struct {
		Action   string          `json:"action"`
		InfoHash string          `json:"info_hash"`
		PeerID   string          `json:"peer_id"`
		OfferID  string          `json:"offer_id"`
		Offer    json.RawMessage `json:"offer,omitempty"`
		Answer   json.RawMessage `json:"answer,omitempty"`
	}
)

const (
	actionAnnounce = "announce"
	actionScrape   = "scrape"

	eventStopped   = "stopped"
	eventCompleted = "completed"

	// maxOfferID bounds what is remembered of an offer; the protocol has 20
	// characters of up to two bytes.
	maxOfferID = 80
)

// announce is a checked announce message.
type announce struct {
	infoHash, peerID id
	event            string
	complete         bool
	offers           []offer
	answer           json.RawMessage
	offerID          string
	toPeerID         id
}

// refusal is what the sender of a message is told.
type refusal string

func (r refusal) Error() string { return string(r) }

func (m *message) announce(limits *TrackerLimits) (announce, error) {
	var checked announce
	var ok bool
	var infoHash string
	if json.Unmarshal(m.InfoHash, &infoHash) != nil {
		return checked, refusal("invalid info_hash")
	}
	if checked.infoHash, ok = decodeID(infoHash); !ok {
		return checked, refusal("invalid info_hash")
	}
	if checked.peerID, ok = decodeID(m.PeerID); !ok {
		return checked, refusal("invalid peer_id")
	}
	switch m.Event {
	case "", "empty", "update", "started", "paused", eventStopped, eventCompleted:
		checked.event = m.Event
	default:
		return checked, refusal("invalid event")
	}
	checked.complete = m.Event == eventCompleted || isZero(m.Left)
	if present(m.Answer) {
		if checked.toPeerID, ok = decodeID(m.ToPeerID); !ok {
			return checked, refusal("invalid to_peer_id, which an answer needs")
		}
		checked.answer, checked.offerID = m.Answer, m.OfferID
		return checked, checkDescription("answer", m.Answer, m.OfferID, limits)
	}
	checked.offers = m.Offers[:min(len(m.Offers), m.numWant(), limits.OffersPerAnnounce)]
	for _, offer := range checked.offers {
		if err := checkDescription("offer", offer.Offer, offer.OfferID, limits); err != nil {
			return checked, err
		}
	}
	return checked, nil
}

func checkDescription(kind string, description json.RawMessage, offerID string, limits *TrackerLimits) error {
	switch {
	case len(description) == 0 || description[0] != '{':
		return refusal("invalid " + kind)
	case len(description) > limits.OfferBytes:
		return refusal(fmt.Sprintf("%s is larger than %d bytes", kind, limits.OfferBytes))
	case offerID == "" || len(offerID) > maxOfferID:
		return refusal("invalid offer_id")
	}
	return nil
}

// numWant is how many peers the sender wants; as many as it has offers unless
// it says so.
func (m *message) numWant() int {
	var want float64
	if !present(m.NumWant) || json.Unmarshal(m.NumWant, &want) != nil {
		return len(m.Offers)
	}
	return int(max(0, min(want, math.MaxInt32)))
}

// infoHashes are those of a scrape: one string or a list. None at all would
// ask for every room, which is nobody's business.
func (m *message) infoHashes() ([]id, error) {
	var texts []string
	if json.Unmarshal(m.InfoHash, &texts) != nil {
		texts = []string{""}
		if json.Unmarshal(m.InfoHash, &texts[0]) != nil {
			return nil, refusal("invalid info_hash")
		}
	}
	hashes := make([]id, 0, len(texts))
	for _, text := range texts {
		hash, ok := decodeID(text)
		if !ok {
			return nil, refusal("invalid info_hash")
		}
		hashes = append(hashes, hash)
	}
	if len(hashes) == 0 {
		return nil, refusal("scrape needs an info_hash")
	}
	return hashes, nil
}

func present(value json.RawMessage) bool { return len(value) > 0 && string(value) != "null" }

func isZero(value json.RawMessage) bool {
	var number float64
	return present(value) && json.Unmarshal(value, &number) == nil && number == 0
}

func failureOf(action string, m *message, err error) failure {
	reply := failure{Reason: "internal error"}
	if reason, ok := errors.AsType[refusal](err); ok {
		reply.Reason = string(reason)
	}
	if action == actionAnnounce || action == actionScrape {
		reply.Action = action
	}
	var text string
	if json.Unmarshal(m.InfoHash, &text) == nil {
		if hash, ok := decodeID(text); ok {
			reply.InfoHash = hash.String()
		}
	}
	return reply
}

// encode cannot fail for the types above: a RawMessage was checked when it was
// read.
func encode(reply any) []byte {
	data, err := json.Marshal(reply)
	if err != nil {
		panic(fmt.Sprintf("rendezvous: encode %T: %v", reply, err))
	}
	return data
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
