package link

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"
)

// Identity is the SHA-256 fingerprint of a peer's DTLS certificate. It lasts as
// long as the peer's process.
type Identity [sha256.Size]byte

// String returns the first eight bytes in hexadecimal: enough to tell peers
// apart on a screen or in a log.
func (i Identity) String() string { return hex.EncodeToString(i[:8]) }

// Less orders identities.
func (i Identity) Less(other Identity) bool { return bytes.Compare(i[:], other[:]) < 0 }

// Address returns a made-up unicast address (fd57::/16) that stands for the
// peer where software wants IP:port. A ban of it hits this peer alone and not
// everybody behind one NAT or relay.
func (i Identity) Address() netip.AddrPort {
	var ip [16]byte
	ip[0], ip[1] = 0xfd, 0x57
	copy(ip[2:], i[:14])
	port := binary.BigEndian.Uint16(i[14:16])
	return netip.AddrPortFrom(netip.AddrFrom16(ip), max(port, 1))
}

// MarshalText writes all of the identity in hexadecimal.
func (i Identity) MarshalText() ([]byte, error) {
	return []byte(hex.EncodeToString(i[:])), nil
}

// UnmarshalText reads what MarshalText wrote.
func (i *Identity) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(i)) {
		return fmt.Errorf("%w: an identity has %d hexadecimal digits", ErrDescription, hex.EncodedLen(len(i)))
	}
	if _, err := hex.Decode(i[:], text); err != nil {
		return fmt.Errorf("%w: identity: %w", ErrDescription, err)
	}
	return nil
}

// parseFingerprint reads the value of an SDP fingerprint attribute
// (RFC 8122 section 5). Only SHA-256 identifies a peer here.
func parseFingerprint(value string) (Identity, error) {
	var identity Identity
	algorithm, digits, found := strings.Cut(strings.TrimSpace(value), " ")
	if !found || !strings.EqualFold(algorithm, "sha-256") {
		return identity, fmt.Errorf("%w: the fingerprint is not SHA-256", ErrDescription)
	}
	digest, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), ":", ""))
	if err != nil || len(digest) != len(identity) {
		return identity, fmt.Errorf("%w: the fingerprint is not one", ErrDescription)
	}
	copy(identity[:], digest)
	return identity, nil
}

// certificateLife outlasts any process; pion refuses connections with an
// expired certificate and makes one-month ones by default.
const certificateLife = 10 * 365 * 24 * time.Hour

// newCertificate makes the certificate that identifies this process. It names
// nothing and nobody.
func newCertificate() (*webrtc.Certificate, Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, Identity{}, fmt.Errorf("link: making a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, Identity{}, fmt.Errorf("link: making a serial number: %w", err)
	}
	now := time.Now()
	certificate, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "WebRTC"},
		Issuer:       pkix.Name{CommonName: "WebRTC"},
		NotBefore:    now.AddDate(0, 0, -1),
		NotAfter:     now.Add(certificateLife),
	})
	if err != nil {
		return nil, Identity{}, fmt.Errorf("link: making a certificate: %w", err)
	}
	prints, err := certificate.GetFingerprints()
	if err != nil || len(prints) == 0 {
		return nil, Identity{}, errors.Join(errors.New("link: the certificate has no fingerprint"), err)
	}
	identity, err := parseFingerprint(prints[0].Algorithm + " " + prints[0].Value)
	return certificate, identity, err
}

// Address is a peer's made-up address as a net.Addr.
type Address struct{ netip.AddrPort }

// Network returns "webrtc". It must hold none of "4", "6", "tcp" and "udp",
// which the torrent library reads its own meaning into.
func (Address) Network() string { return "webrtc" }
