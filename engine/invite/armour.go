package invite

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode"
)

const (
	scheme         = "causeway:"
	currentVersion = 1

	headerSymbols = 5
	checksumSize  = 4
	maxBody       = 1<<12 - 1
	// maxText bounds the work on a text that was pasted by mistake.
	maxText = 64 << 10
)

// alphabet is Crockford's: no letter looks like a digit, so an invitation can
// be read out or copied from paper, and QR codes have a mode for its capitals.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var encoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// lookalikes are the letters outside the alphabet and what they are read as.
var lookalikes = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// armour makes an invitation's text of a body of at most maxBody bytes.
func armour(version byte, body []byte) string {
	header := packHeader(version, len(body))
	checked := header<<5 | crc5(header)
	var text strings.Builder
	text.WriteString(scheme)
	for shift := 5 * (headerSymbols - 1); shift >= 0; shift -= 5 {
		text.WriteByte(alphabet[checked>>shift&31])
	}
	text.WriteString(encoding.EncodeToString(
		binary.BigEndian.AppendUint32(body[:len(body):len(body)], checksum(header, body))))
	return text.String()
}

// disarm is the reverse of armour for symbols of the alphabet.
func disarm(symbols string) (version byte, body []byte, err error) {
	if len(symbols) < headerSymbols {
		return 0, nil, ErrTruncated
	}
	var checked uint32
	for i := range headerSymbols {
		checked = checked<<5 | uint32(strings.IndexByte(alphabet, symbols[i]))
	}
	header := checked >> 5
	if crc5(header) != checked&31 {
		return 0, nil, fmt.Errorf("%w in its first %d symbols", ErrMistyped, headerSymbols)
	}
	version, length := byte(header>>12), int(header&maxBody)

	rest := symbols[headerSymbols:]
	switch want := encoding.EncodedLen(length + checksumSize); {
	case len(rest) < want:
		return 0, nil, fmt.Errorf("%w: %d of %d symbols are there", ErrTruncated, len(symbols), headerSymbols+want)
	case len(rest) > want:
		return 0, nil, fmt.Errorf("%w: something follows it", ErrMistyped)
	}
	decoded, err := encoding.DecodeString(rest)
	// The last symbol has bits that stand for nothing; a mistake may hide there.
	if err != nil || encoding.EncodeToString(decoded) != rest {
		return 0, nil, ErrMistyped
	}
	body = decoded[:length]
	if binary.BigEndian.Uint32(decoded[length:]) != checksum(header, body) {
		return 0, nil, ErrMistyped
	}
	return version, body, nil
}

func packHeader(version byte, length int) uint32 { return uint32(version)<<12 | uint32(length) }

// checksum is over everything that the text says.
func checksum(header uint32, body []byte) uint32 {
	sum := crc32.ChecksumIEEE([]byte{byte(header >> 16), byte(header >> 8), byte(header)})
	return crc32.Update(sum, crc32.IEEETable, body)
}

// crc5 checks the header's 20 bits. It finds every mistake within 5 bits, so
// every mistyped symbol.
func crc5(header uint32) uint32 {
	const polynomial = 0b00101
	register := uint32(31)
	for bit := 19; bit >= 0; bit-- {
		feedback := register>>4 ^ header>>bit&1
		register = register << 1 & 31
		if feedback == 1 {
			register ^= polynomial
		}
	}
	return register
}

// What surrounds an invitation where people paste it from.
const (
	opening = "<([{\"'`“‘„‚«‹"
	closing = ">)]}\"'`”’“‘»›.,;:!?/"
)

// tidy returns the symbols of the text, all of them in the alphabet.
func tidy(text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("%w: %d bytes are too long", ErrNone, len(text))
	}
	text = strings.ToLower(compact(text))
	text = strings.TrimRight(strings.TrimLeft(text, opening), closing)
	symbols, found := strings.CutPrefix(text, scheme)
	switch {
	case found:
	case text != "" && strings.HasPrefix(scheme, text):
		return "", ErrTruncated
	default:
		return "", ErrNone
	}
	symbols = strings.TrimLeft(symbols, "/")
	symbols = lookalikes.Replace(strings.ReplaceAll(symbols, "-", ""))
	if at := strings.IndexFunc(symbols, foreign); at >= 0 {
		return "", fmt.Errorf("%w: a character that no invitation has", ErrMistyped)
	}
	return symbols, nil
}

func foreign(r rune) bool { return !strings.ContainsRune(alphabet, r) }

// compact removes what cannot be seen, and the marks with which mail programs
// begin a quoted line.
func compact(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, "> \t")
		for _, r := range line {
			if !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) {
				kept.WriteRune(r)
			}
		}
	}
	return kept.String()
}
