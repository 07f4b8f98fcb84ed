package invite

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

// Secret is what an invitation is about: who has it may fetch the share. It
// never shows in a log or a formatted text; secret[:] has the bytes.
type Secret [16]byte

// NewSecret returns 128 random bits.
func NewSecret() Secret {
	var s Secret
	rand.Read(s[:]) // never fails, see crypto/rand
	return s
}

const hidden = "[secret]"

// String returns the same word for every secret.
func (s Secret) String() string { return hidden }

// Format keeps the secret hidden whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) { io.WriteString(state, hidden) }

// LogValue keeps the secret hidden from structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// Room is where those who have one invitation meet: the info_hash they announce
// to trackers. It tells nothing about the secret and may be logged.
type Room [20]byte

// String returns the room in hexadecimal.
func (r Room) String() string { return hex.EncodeToString(r[:]) }

// Keys are what a secret gives. They never show in a log or a formatted text,
// except for the room.
type Keys struct {
	// Room is where to meet.
	Room Room
	// Seal is the AEAD key that seals offers, answers and messages of a link.
	Seal [32]byte
	// Tag is the MAC key that names the room to those who know it already.
	Tag [32]byte
}

// String returns the room.
func (k Keys) String() string { return "keys of room " + k.Room.String() }

// Format keeps the keys hidden whatever the verb.
func (k Keys) Format(state fmt.State, _ rune) { io.WriteString(state, k.String()) }

// LogValue keeps the keys hidden from structured logs.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// The constants of the derivation. Changing one makes another protocol.
const (
	keySalt  = "causeway invitation v1"
	infoRoom = "causeway room"
	infoSeal = "causeway seal"
	infoTag  = "causeway tag"
)

// Keys derives the keys by HKDF-SHA256 (RFC 5869) with the secret as input key
// material, the salt "causeway invitation v1", and as info "causeway room" (20
// bytes), "causeway seal" (32 bytes) and "causeway tag" (32 bytes).
func (s Secret) Keys() Keys {
	var k Keys
	s.derive(k.Room[:], infoRoom)
	s.derive(k.Seal[:], infoSeal)
	s.derive(k.Tag[:], infoTag)
	return k
}

func (s Secret) derive(into []byte, info string) {
	key, err := hkdf.Key(sha256.New, s[:], []byte(keySalt), info, len(into))
	if err != nil {
		// Only a length beyond 255 hashes fails, or a secret below 112 bits
		// where FIPS 140 is enforced; neither can be.
		panic("invite: " + err.Error())
	}
	copy(into, key)
}
