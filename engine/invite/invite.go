// Package invite makes and reads invitations: the text that lets somebody
// fetch a share. It also derives from an invitation's secret every key that the
// rest of the engine uses.
//
// # Text form
//
// An invitation is "causeway:" and then symbols of Crockford's base32 alphabet
// (0123456789abcdefghjkmnpqrstvwxyz): letters of either case, and the letters
// which people confuse with digits (o, i, l) are read as those. The symbols are
//
//   - 5 symbols of header: 8 bits of version, 12 bits of body length in bytes,
//     and their CRC-5 (polynomial x⁵+x²+1, initial value 31, the highest bit
//     first), all of them with the highest bits first. The header is checked
//     on its own so that a typing mistake in the length is not taken for a
//     text that was cut off.
//   - the body and its 4 bytes of checksum, in base32 without padding. The
//     checksum is the CRC-32 (IEEE) of the header's 20 bits as 3 bytes
//     (big-endian) and the body.
//
// The body of version 1 is the 16 bytes of the secret and then fields, each a
// byte of type, a byte of length, and that many bytes:
//
//	1  LAN tracker: IPv4 address, port (big-endian)
//	2  LAN tracker: IPv6 address, port (big-endian)
//	3  rendezvous: what follows "wss://"
//	4  rendezvous: what follows "ws://"
//
// A reader skips fields below 128 which it does not know; one from 128 on
// means that the invitation needs a newer reader.
package invite

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Why a text is not a usable invitation. Errors of Parse wrap one of these and
// never contain the text, which is a secret.
var (
	// ErrNone means the text is something else.
	ErrNone = errors.New("invite: not an invitation")
	// ErrTruncated means the end of the text is missing.
	ErrTruncated = errors.New("invite: the invitation was cut off")
	// ErrMistyped means the text was changed by hand or on its way.
	ErrMistyped = errors.New("invite: the invitation has a typing mistake")
	// ErrNewer means a newer Causeway made it, and this one cannot read it.
	ErrNewer = errors.New("invite: the invitation needs a newer version")
	// ErrRendezvous means an address is not a rendezvous's.
	ErrRendezvous = errors.New("invite: a rendezvous must be a ws:// or wss:// URL")
)

// Limits of an invitation; more is not written and not accepted.
const (
	// MaxRendezvous is how many rendezvous an invitation names at most.
	MaxRendezvous = 8
	// MaxLAN is how many LAN trackers an invitation names at most.
	MaxLAN = 8
	// MaxURL is the length of a rendezvous URL in bytes, at most.
	MaxURL = 200
)

// Invitation lets whoever has it find and fetch one share.
type Invitation struct {
	Secret Secret
	// Rendezvous are ws:// or wss:// URLs; empty means the receiver's own.
	Rendezvous []string
	// LAN are the addresses of the sender's own tracker on its network.
	LAN []netip.AddrPort
}

// String returns the invitation's text, in lower case. It leaves out what Parse
// would not accept: unusable and repeated addresses, and those beyond the
// limits.
func (i Invitation) String() string {
	return armour(currentVersion, i.body())
}

// LogValue keeps the secret out of logs; String would tell it.
func (i Invitation) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("rendezvous", len(i.Rendezvous)),
		slog.Int("lan", len(i.LAN)))
}

// Parse reads an invitation as people paste it: in either case, wrapped by a
// mail program, with spaces, in quotes or angle brackets, before a full stop,
// or as causeway://. Its errors wrap ErrNone, ErrTruncated, ErrMistyped or
// ErrNewer.
func Parse(text string) (Invitation, error) {
	symbols, err := tidy(text)
	if err != nil {
		return Invitation{}, err
	}
	version, body, err := disarm(symbols)
	switch {
	case err != nil:
		return Invitation{}, err
	case version > currentVersion:
		return Invitation{}, fmt.Errorf("%w (format %d)", ErrNewer, version)
	case version < currentVersion:
		return Invitation{}, fmt.Errorf("%w: format %d does not exist", ErrMistyped, version)
	}
	return parseBody(body)
}

// CheckRendezvous says whether an address can be a rendezvous in an invitation.
// Its errors wrap ErrRendezvous.
func CheckRendezvous(address string) error {
	_, _, err := splitRendezvous(address)
	return err
}

// splitRendezvous returns the scheme in lower case and what follows "://".
func splitRendezvous(address string) (scheme, rest string, err error) {
	if len(address) > MaxURL {
		return "", "", fmt.Errorf("%w: longer than %d bytes", ErrRendezvous, MaxURL)
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c > '~' || c == '#' {
			return "", "", fmt.Errorf("%w: byte %d cannot stand in it", ErrRendezvous, i+1)
		}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrRendezvous, err)
	}
	scheme, rest, found := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if !found || (scheme != "ws" && scheme != "wss") {
		return "", "", ErrRendezvous
	}
	if parsed.Hostname() == "" {
		return "", "", fmt.Errorf("%w: it names no host", ErrRendezvous)
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", "", fmt.Errorf("%w: its port is out of range", ErrRendezvous)
		}
	}
	return scheme, rest, nil
}
