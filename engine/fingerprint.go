package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/tyler-smith/go-bip39/wordlists"

	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// fingerprintWords, of wordBits each, are what two people read to each other.
const fingerprintWords, wordBits = 4, 11

// fingerprint is four words that stand for both ends' certificates, the same for
// either of them: the first bits of a hash, in the words of BIP 39.
func fingerprint(a, b link.Identity) []string {
	if b.Less(a) {
		a, b = b, a
	}
	sum := sha256.Sum256(append(a[:], b[:]...))
	bits := binary.BigEndian.Uint64(sum[:])
	words := make([]string, fingerprintWords)
	for at := range words {
		words[at] = wordlists.English[bits>>(64-wordBits)]
		bits <<= wordBits
	}
	return words
}

// credentialExpiry is when a TURN server's credentials expire that turnServer
// has made; zero for those of the settings, which do not.
func (o *owner) credentialExpiry(server netcheck.Server) time.Time {
	for _, known := range o.settings.TURN {
		if known.URL != server.URL || known.Secret == "" {
			continue
		}
		expiry, _, _ := strings.Cut(server.Username, ":")
		if seconds, err := strconv.ParseInt(expiry, 10, 64); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return time.Time{}
}

// relayExpires is when the credential expires with which a link is relayed, or
// has a relay standing by.
func relayExpires(s link.Status) time.Time {
	if s.Path == path.Relayed && s.RelayIsTheirs {
		return time.Time{}
	}
	var expires time.Time
	for _, use := range s.Relays {
		if use.Released.IsZero() && (s.Path != path.Relayed || use.Server == s.Relay) {
			expires = use.Expires
		}
	}
	return expires
}
