package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/causeway-app/causeway/engine/path"
)

// What can be wrong with a value.
var (
	// ErrEmpty: there must be something.
	ErrEmpty = errors.New("settings: empty")
	// ErrScheme: the address begins with something else than it must.
	ErrScheme = errors.New("settings: wrong scheme")
	// ErrHost: the address names no host, or one that cannot be.
	ErrHost = errors.New("settings: wrong host")
	// ErrPort: the port is not in 1..65535.
	ErrPort = errors.New("settings: wrong port")
	// ErrTransport: the transport of a TURN URI is neither udp nor tcp, or a
	// URI has a query that cannot be.
	ErrTransport = errors.New("settings: wrong transport")
	// ErrCredentials: a TURN server has neither a username with a password nor
	// a secret, or it has both, or its URI contains them; or the account for
	// others is not whole.
	ErrCredentials = errors.New("settings: wrong credentials")
	// ErrNegative: a limit is below zero.
	ErrNegative = errors.New("settings: negative")
	// ErrPolicy: there is no such policy.
	ErrPolicy = errors.New("settings: unknown policy")
	// ErrRelative: a folder is not an absolute path.
	ErrRelative = errors.New("settings: not an absolute path")
	// ErrFormat: a text has not the form it must have.
	ErrFormat = errors.New("settings: wrong form")
)

// FieldError says which setting is wrong. Value never holds a secret.
type FieldError struct {
	// Field is the name in the settings file, with the index in a list:
	// "turn[2]", and with the section before a dot: "schedule.from".
	Field string
	// Value is what the field holds; of a TURN server its URL.
	Value string
	// Err is one of this package's errors, perhaps with details.
	Err error
}

// Error returns field, value and reason.
func (e *FieldError) Error() string { return fmt.Sprintf("%s %q: %v", e.Field, e.Value, e.Err) }

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// FieldErrors returns every FieldError in an error of Validate, Load or Save.
func FieldErrors(err error) (all []*FieldError) {
	switch err := err.(type) {
	case *FieldError:
		return []*FieldError{err}
	case interface{ Unwrap() []error }:
		for _, part := range err.Unwrap() {
			all = append(all, FieldErrors(part)...)
		}
	case interface{ Unwrap() error }:
		return FieldErrors(err.Unwrap())
	}
	return all
}

// Validate reports every setting that cannot be used, as FieldErrors joined.
func Validate(s Settings) error {
	var wrong []error
	check := func(field, value string, err error) {
		if err != nil {
			wrong = append(wrong, &FieldError{Field: field, Value: value, Err: err})
		}
	}
	check("download_dir", s.DownloadDir, checkFolder(s.DownloadDir))
	for i, address := range s.Rendezvous {
		check(fmt.Sprintf("rendezvous[%d]", i), withoutUser(address), checkRendezvous(address))
	}
	for i, uri := range s.STUN {
		check(fmt.Sprintf("stun[%d]", i), withoutUser(uri), checkSTUN(uri))
	}
	for i, server := range s.TURN {
		check(fmt.Sprintf("turn[%d]", i), withoutUser(server.URL), server.check())
	}
	if !slices.Contains([]path.Policy{path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly}, s.Policy) {
		check("policy", string(s.Policy), ErrPolicy)
	}
	check("limit_up", strconv.FormatInt(s.LimitUp, 10), checkLimit(s.LimitUp))
	check("limit_down", strconv.FormatInt(s.LimitDown, 10), checkLimit(s.LimitDown))
	check("relay_month", strconv.FormatInt(s.RelayMonth, 10), checkLimit(s.RelayMonth))
	check("relay_transfer", strconv.FormatInt(s.RelayTransfer, 10), checkLimit(s.RelayTransfer))
	check("relay_rate", strconv.FormatInt(s.RelayRate, 10), checkLimit(s.RelayRate))
	s.checkSections(check)
	return errors.Join(wrong...)
}

// withoutUser keeps what somebody wrote before an @ out of messages.
func withoutUser(address string) string {
	if at := strings.LastIndex(address, "@"); at >= 0 {
		return "…" + address[at:]
	}
	return address
}

func checkLimit(bytes int64) error {
	if bytes < 0 {
		return ErrNegative
	}
	return nil
}

func checkFolder(dir string) error {
	switch {
	case dir == "":
		return ErrEmpty
	case !filepath.IsAbs(dir):
		return ErrRelative
	}
	return nil
}

// checkRendezvous checks the URL of a WebTorrent tracker.
func checkRendezvous(address string) error {
	if address == "" {
		return ErrEmpty
	}
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("%w: cannot be read", ErrHost) // the cause repeats the address
	case parsed.Scheme != "ws" && parsed.Scheme != "wss":
		return fmt.Errorf("%w: must be ws:// or wss://", ErrScheme)
	case parsed.User != nil:
		return fmt.Errorf("%w: in the address", ErrCredentials)
	case parsed.Opaque != "" || parsed.Fragment != "":
		return fmt.Errorf("%w: must be scheme://host", ErrHost)
	}
	if err := checkHost(parsed.Hostname()); err != nil {
		return err
	}
	if port := parsed.Port(); port != "" || strings.HasSuffix(parsed.Host, ":") {
		return checkPort(port)
	}
	return nil
}

// checkSTUN checks a stun: URI (RFC 7064).
func checkSTUN(uri string) error {
	switch scheme, rest, _ := strings.Cut(uri, ":"); {
	case uri == "":
		return ErrEmpty
	case scheme != "stun":
		return fmt.Errorf("%w: must be stun:", ErrScheme)
	default:
		return checkAuthority(rest)
	}
}

// checkTURN checks a turn: or turns: URI (RFC 7065).
func checkTURN(uri string) error {
	if uri == "" {
		return ErrEmpty
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	if scheme != "turn" && scheme != "turns" {
		return fmt.Errorf("%w: must be turn: or turns:", ErrScheme)
	}
	rest, query, asked := strings.Cut(rest, "?")
	if asked && query != "transport=udp" && query != "transport=tcp" {
		return fmt.Errorf("%w: must be ?transport=udp or ?transport=tcp", ErrTransport)
	}
	return checkAuthority(rest)
}

// check checks the URI and the credentials. An empty username or password must
// never reach the ICE agent: it gives up the servers that follow.
func (t TURN) check() error {
	if err := checkTURN(t.URL); err != nil {
		return err
	}
	static := t.Username != "" && t.Password != ""
	switch {
	case t.Secret != "" && t.Password != "":
		return fmt.Errorf("%w: both a password and a secret", ErrCredentials)
	case t.Secret == "" && !static:
		return fmt.Errorf("%w: neither username and password nor a secret", ErrCredentials)
	}
	return nil
}

// checkAuthority checks host[:port] of a STUN or TURN URI.
func checkAuthority(text string) error {
	switch {
	case strings.HasPrefix(text, "//"):
		return fmt.Errorf("%w: there is no // in STUN and TURN addresses", ErrHost)
	case strings.Contains(text, "@"):
		return fmt.Errorf("%w: in the address", ErrCredentials)
	case strings.Contains(text, "?"):
		return fmt.Errorf("%w: a STUN address has none", ErrTransport)
	}
	host, port, ported := splitPort(text)
	if literal, ok := strings.CutPrefix(host, "["); ok {
		literal, closed := strings.CutSuffix(literal, "]")
		if ip, err := netip.ParseAddr(literal); !closed || err != nil || !ip.Is6() || ip.Zone() != "" {
			return fmt.Errorf("%w: not an IPv6 address in brackets", ErrHost)
		}
	} else if err := checkHost(host); err != nil {
		return err
	} else if strings.Contains(host, ":") {
		return fmt.Errorf("%w: an IPv6 address needs brackets", ErrHost)
	}
	if !ported {
		return nil
	}
	return checkPort(port)
}

// splitPort splits at the colon behind the host.
func splitPort(text string) (host, port string, ported bool) {
	colon := strings.LastIndex(text, ":")
	if colon < 0 || strings.HasSuffix(text, "]") || strings.Count(text, ":") > 1 && !strings.HasPrefix(text, "[") {
		return text, "", false
	}
	return text[:colon], text[colon+1:], true
}

// checkHost accepts names and IP addresses.
func checkHost(host string) error {
	if host == "" {
		return fmt.Errorf("%w: there is none", ErrHost)
	}
	if len(host) > 253 {
		return fmt.Errorf("%w: too long", ErrHost)
	}
	for _, r := range host {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"%/\<>?#[]@^{}|,;`+"`", r) {
			return fmt.Errorf("%w: %q cannot stand in it", ErrHost, r)
		}
	}
	return nil
}

func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%w: must be 1 to 65535", ErrPort)
	}
	return nil
}
