package link

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// Limits of what a peer may send before anything is known of it.
const (
	// sdpLimit bounds a description, in bytes. Ours have about 2 KiB.
	sdpLimit = 32 << 10
	// candidateLimit bounds the candidates of one description, and those which
	// may come later over the link.
	candidateLimit = 64
)

// Description is what one side tells the other through a rendezvous. It must
// be sealed on its way: whoever can change it can sit in the middle.
type Description struct {
	// Identity is whom the description claims to come from.
	Identity Identity `json:"identity"`
	// SDP is a session description (RFC 8866) with one data channel section.
	SDP string `json:"sdp"`
}

// The attributes that a data channel needs. All others are dropped unread.
var (
	sessionAttributes = []string{"group", "fingerprint", "setup", "ice-ufrag", "ice-pwd"}
	mediaAttributes   = []string{
		"mid", "setup", "sctp-port", "max-message-size", "ice-ufrag", "ice-pwd", "fingerprint", "ice-options", "sendrecv", "sctp-init",
	}
)

// session is a description taken apart: its text without candidates, and those.
type session struct {
	frame      string
	candidates []string
}

// text puts the description together again.
func (s session) text() string {
	var text strings.Builder
	text.WriteString(s.frame)
	for _, candidate := range s.candidates {
		text.WriteString("a=candidate:" + candidate + "\r\n")
	}
	return text.String()
}

// parseSession reads a description and keeps the candidates that pass. The
// certificate in it must be the claimed identity's.
func parseSession(d Description, kind webrtc.SDPType, pass func(string) (string, bool)) (session, error) {
	if len(d.SDP) > sdpLimit {
		return session{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrDescription, len(d.SDP), sdpLimit)
	}
	text := webrtc.SessionDescription{Type: kind, SDP: d.SDP}
	parsed, err := text.Unmarshal()
	if err != nil {
		return session{}, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	if len(parsed.MediaDescriptions) != 1 {
		return session{}, fmt.Errorf("%w: %d sections, want one data channel", ErrDescription, len(parsed.MediaDescriptions))
	}
	media := parsed.MediaDescriptions[0]
	if media.MediaName.Media != "application" || !slices.Contains(media.MediaName.Formats, "webrtc-datachannel") {
		return session{}, fmt.Errorf("%w: it offers %q, want a data channel", ErrDescription, media.MediaName.Media)
	}
	if err := checkIdentity(d.Identity, slices.Concat(parsed.Attributes, media.Attributes)); err != nil {
		return session{}, err
	}
	result := session{candidates: filterCandidates(media, pass)}
	media.Attributes = keep(media.Attributes, mediaAttributes)
	parsed.Attributes = keep(parsed.Attributes, sessionAttributes)
	frame, err := parsed.Marshal()
	if err != nil {
		return session{}, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	result.frame = string(frame)
	return result, nil
}

// checkIdentity wants every fingerprint, and at least one, to be the claimed
// identity; pion then holds the handshake to the first.
func checkIdentity(claimed Identity, attributes []sdp.Attribute) error {
	found := false
	for _, attribute := range attributes {
		switch attribute.Key {
		case "ice-lite":
			return fmt.Errorf("%w: ICE lite cannot punch holes", ErrDescription)
		case "fingerprint":
			identity, err := parseFingerprint(attribute.Value)
			if err != nil {
				return err
			}
			if identity != claimed {
				return ErrIdentity
			}
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: no fingerprint", ErrDescription)
	}
	return nil
}

// filterCandidates returns the first candidates that pass, each once. Beyond
// the limit they are not worth a check: each is tried from every socket.
func filterCandidates(media *sdp.MediaDescription, pass func(string) (string, bool)) []string {
	var candidates []string
	for _, attribute := range media.Attributes {
		if attribute.Key != "candidate" || len(candidates) >= candidateLimit {
			continue
		}
		if candidate, ok := pass(attribute.Value); ok && !slices.Contains(candidates, candidate) {
			candidates = append(candidates, candidate)
		}
	}
	return candidates
}

func keep(attributes []sdp.Attribute, keys []string) []sdp.Attribute {
	var kept []sdp.Attribute
	for _, attribute := range attributes {
		if slices.Contains(keys, attribute.Key) {
			kept = append(kept, attribute)
		}
	}
	return kept
}

// asAnswer turns a peer's offer into the answer to an offer of ours, which is
// how ICE is told where the peer still is after a restart on this side.
func (s session) asAnswer() session {
	s.frame = strings.Replace(s.frame, "a=setup:actpass", "a=setup:passive", 1)
	return s
}
