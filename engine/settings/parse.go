package settings

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Normalize returns s with its addresses in the form that Validate wants:
// spaces around them and empty ones are dropped, schemes are in lower case, and
// a STUN server may have been given as host:port. What cannot be an address is
// left for Validate.
func Normalize(s Settings) Settings {
	s.Name = strings.TrimSpace(s.Name)
	s.Rendezvous = normalizeAll(s.Rendezvous, lowerScheme)
	s.STUN = normalizeAll(s.STUN, func(text string) string {
		if uri, err := ParseSTUN(text); err == nil {
			return uri
		}
		return text
	})
	servers := make([]TURN, 0, len(s.TURN))
	for _, server := range s.TURN {
		server.URL = lowerScheme(strings.TrimSpace(server.URL))
		if server != (TURN{}) {
			servers = append(servers, server)
		}
	}
	s.TURN = servers
	s.Serve.PublicIP = strings.Trim(strings.TrimSpace(s.Serve.PublicIP), "[]")
	s.Serve.Username = strings.TrimSpace(s.Serve.Username)
	s.Metrics = strings.TrimSpace(s.Metrics)
	return s
}

func normalizeAll(texts []string, normalize func(string) string) []string {
	kept := make([]string, 0, len(texts))
	seen := map[string]bool{}
	for _, text := range texts {
		text = normalize(strings.TrimSpace(text))
		if text != "" && !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}

// lowerScheme lowers what stands before the first colon.
func lowerScheme(address string) string {
	scheme, rest, found := strings.Cut(address, ":")
	if !found {
		return address
	}
	return strings.ToLower(scheme) + ":" + rest
}

// ParseSTUN reads a stun: URI (RFC 7064), or host or host:port, and returns
// the URI.
func ParseSTUN(text string) (string, error) {
	uri := lowerScheme(strings.TrimSpace(text))
	if err := checkSTUN(uri); err == nil {
		return uri, nil
	}
	scheme, _, found := strings.Cut(uri, ":")
	_, err := strconv.ParseUint(strings.TrimPrefix(uri, scheme+":"), 10, 16)
	if plain := "stun:" + strings.TrimSpace(text); (!found || err == nil || strings.HasPrefix(uri, "[")) && checkSTUN(plain) == nil {
		return plain, nil
	}
	return "", &FieldError{Field: "stun", Value: withoutUser(text), Err: checkSTUN(uri)}
}

// ParseTURN reads "URL,USERNAME,PASSWORD"; the password may contain commas.
// Its errors contain no password.
func ParseTURN(text string) (TURN, error) {
	parts := strings.SplitN(text, ",", 3)
	if len(parts) != 3 {
		return TURN{}, &FieldError{Field: "turn", Value: withoutUser(parts[0]),
			Err: fmt.Errorf("%w: must be URL,USERNAME,PASSWORD", ErrFormat)}
	}
	return checkedTURN(TURN{URL: parts[0], Username: parts[1], Password: parts[2]})
}

// ParseTURNSecret reads "URL,SECRET"; the secret may contain commas. Its errors
// contain no secret.
func ParseTURNSecret(text string) (TURN, error) {
	uri, secret, found := strings.Cut(text, ",")
	if !found {
		return TURN{}, &FieldError{Field: "turn", Value: withoutUser(uri),
			Err: fmt.Errorf("%w: must be URL,SECRET", ErrFormat)}
	}
	return checkedTURN(TURN{URL: uri, Secret: secret})
}

func checkedTURN(server TURN) (TURN, error) {
	server.URL = lowerScheme(strings.TrimSpace(server.URL))
	if err := server.check(); err != nil {
		return TURN{}, &FieldError{Field: "turn", Value: withoutUser(server.URL), Err: err}
	}
	return server, nil
}

// units are the factors of a rate or a size; the binary ones come first,
// because the others are their beginnings.
var units = []struct {
	name   string
	factor int64
}{
	{"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3},
}

// ParseRate reads a rate in bytes a second: digits, perhaps with a decimal
// point, and perhaps k, M, G, T (powers of 1000) or Ki, Mi, Gi, Ti (powers of
// 1024), in either case, and perhaps B and /s. A small b would be bits, and is
// refused. Fractions of a byte are cut off. 0 is no limit.
func ParseRate(text string) (int64, error) {
	number := strings.TrimSpace(text)
	if head, found := strings.CutSuffix(number, "/s"); found {
		number = strings.TrimSpace(head)
	}
	return parseBytes(text, number, "a rate such as 500k, 10M or 1.5Mi", " a second")
}

// ParseSize reads a number of bytes, in the form of ParseRate but without /s:
// "500 MB", "2TB", "10G". 0 is no limit.
func ParseSize(text string) (int64, error) {
	return parseBytes(text, strings.TrimSpace(text), "a size such as 500M, 10G or 1.5Gi", "")
}

// parseBytes reads a number of bytes. For its errors it takes the text as it
// was written, what that must be, and what the bytes are counted by.
func parseBytes(text, number, form, per string) (int64, error) {
	factor := int64(1)
	if head, found := strings.CutSuffix(number, "B"); found {
		number = strings.TrimSpace(head)
	}
	for _, unit := range units {
		if head, ok := cutSuffixFold(number, unit.name); ok {
			number, factor = strings.TrimSpace(head), unit.factor
			break
		}
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if whole == "" || len(number) > 40 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, fmt.Errorf("%w: %q is not %s", ErrFormat, text, form)
	}
	value, ok := new(big.Rat).SetString(strings.TrimSuffix(number, "."))
	if !ok {
		return 0, fmt.Errorf("%w: %q is not %s", ErrFormat, text, form)
	}
	value.Mul(value, new(big.Rat).SetInt64(factor))
	bytes := new(big.Int).Quo(value.Num(), value.Denom())
	switch {
	case !bytes.IsInt64():
		return 0, fmt.Errorf("%w: %q is more than %d bytes%s", ErrFormat, text, int64(math.MaxInt64), per)
	case bytes.Sign() == 0 && value.Sign() > 0:
		return 0, fmt.Errorf("%w: %q is less than a byte%s", ErrFormat, text, per)
	}
	return bytes.Int64(), nil
}

func cutSuffixFold(text, suffix string) (string, bool) {
	at := len(text) - len(suffix)
	if at < 0 || !strings.EqualFold(text[at:], suffix) {
		return text, false
	}
	return text[:at], true
}

// FormatRate writes a rate or a size so that ParseRate or ParseSize reads the
// same: with the unit that makes it shortest, of those that need at most three
// decimals; 10e9 is "10G" and not "9765625Ki".
func FormatRate(bytes int64) string {
	shortest := strconv.FormatInt(bytes, 10)
	plain := true
	for _, unit := range units {
		whole, rest := bytes/unit.factor, bytes%unit.factor
		if whole == 0 || rest != 0 && (unit.factor&(unit.factor-1) == 0 || rest%(unit.factor/1000) != 0) {
			continue
		}
		text := strconv.FormatInt(whole, 10) + unit.name
		if rest != 0 {
			decimals := fmt.Sprintf("%03d", rest/(unit.factor/1000))
			text = fmt.Sprintf("%d.%s%s", whole, strings.TrimRight(decimals, "0"), unit.name)
		}
		if plain || len(text) < len(shortest) {
			shortest, plain = text, false
		}
	}
	return shortest
}
