package signaling

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/causeway-app/causeway/engine/invite"
)

// ErrSealed means that a text was not sealed with these keys in this context.
var ErrSealed = errors.New("signaling: not sealed by somebody in the room")

// sealPrefix is the version of the sealed form.
const sealPrefix = "cw1."

const (
	// MaxSealed is the length in bytes of a sealed offer or answer, at most.
	MaxSealed = 64 << 10
	// MaxPlaintext is how many bytes fit into MaxSealed.
	MaxPlaintext = (MaxSealed-len(sealPrefix))/4*3 - chacha20poly1305.NonceSizeX - chacha20poly1305.Overhead
)

// Kind says what a sealed text is for, so that one cannot pass as another.
type Kind byte

// The kinds.
const (
	KindOffer  Kind = 1
	KindAnswer Kind = 2
	KindLink   Kind = 3
)

// Context is what a sealed text belongs to. It opens only with the very same.
type Context struct {
	Kind Kind
	// From and To are PeerIDs in offers and answers; an offer has no To, since
	// its recipient is not known when it is made. Over a link they are what
	// identifies its ends. Each is shorter than 64 KiB.
	From, To []byte
	// OfferID is zero over a link, unless the engine has a use for it.
	OfferID OfferID
}

// authenticated returns room and context in one unambiguous encoding.
func (c Context) authenticated(label string, room invite.Room) []byte {
	data := append([]byte(label), byte(c.Kind))
	data = append(data, room[:]...)
	for _, end := range [][]byte{c.From, c.To} {
		data = binary.BigEndian.AppendUint32(data, uint32(len(end)))
		data = append(data, end...)
	}
	return append(data, c.OfferID[:]...)
}

// The labels keep one use of authenticated apart from another.
const (
	labelSeal = "causeway seal v1\x00"
	labelTag  = "causeway tag v1\x00"
)

var text64 = base64.RawStdEncoding.Strict()

// Seal encrypts plaintext by XChaCha20-Poly1305 with a random nonce. The text
// is "cw1." and then nonce and ciphertext in base64 without padding.
// Authenticated with it are the label "causeway seal v1" and a zero byte, the
// kind, the room, From and To (each after its length in 4 bytes, big-endian),
// and the offer id.
func Seal(keys invite.Keys, context Context, plaintext []byte) string {
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:]) // never fails, see crypto/rand
	return sealWith(nonce, keys, context, plaintext)
}

func sealWith(nonce [chacha20poly1305.NonceSizeX]byte, keys invite.Keys, context Context, plaintext []byte) string {
	sealed := sealer(keys).Seal(nonce[:], nonce[:], plaintext, context.authenticated(labelSeal, keys.Room))
	return sealPrefix + text64.EncodeToString(sealed)
}

// Open is the reverse of Seal. Its errors wrap ErrSealed.
func Open(keys invite.Keys, context Context, sealed string) ([]byte, error) {
	encoded, found := strings.CutPrefix(sealed, sealPrefix)
	// The decoder would skip line breaks, and one message would have many texts.
	if !found || strings.ContainsAny(encoded, "\r\n") {
		return nil, fmt.Errorf("%w: another form", ErrSealed)
	}
	data, err := text64.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	if len(data) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%w: too short", ErrSealed)
	}
	nonce, ciphertext := data[:chacha20poly1305.NonceSizeX], data[chacha20poly1305.NonceSizeX:]
	plaintext, err := sealer(keys).Open(nil, nonce, ciphertext, context.authenticated(labelSeal, keys.Room))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return plaintext, nil
}

func sealer(keys invite.Keys) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(keys.Seal[:])
	if err != nil {
		panic("signaling: " + err.Error()) // only for a key of another length
	}
	return aead
}

// RoomTag names a room to somebody who knows it without telling it to anybody
// else: the first 16 bytes of HMAC-SHA256 over the label "causeway tag v1" and
// what Seal authenticates, with kind link and a zero offer id. From one end it
// is another than from the other, so nobody can send it back.
func RoomTag(keys invite.Keys, from, to []byte) [16]byte {
	mac := hmac.New(sha256.New, keys.Tag[:])
	mac.Write(Context{Kind: KindLink, From: from, To: to}.authenticated(labelTag, keys.Room))
	return [16]byte(mac.Sum(nil))
}
