package ui

import (
	"errors"
	"math"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/invite"
)

// A fault is what is wrong with the text of a field. "fault."+string(fault)
// puts it into words.
type fault string

// The faults of fields; fine is none.
const (
	fine                fault = ""
	notARendezvous      fault = "rendezvous"
	notSTUN             fault = "stun"
	notTURN             fault = "turn"
	noHost              fault = "host"
	badPort             fault = "port"
	badTransport        fault = "transport"
	secureOverUDP       fault = "secure-udp"
	missing             fault = "missing"
	credentialsInURI    fault = "credentials-in-address"
	notALimit           fault = "limit"
	notAnAbsoluteFolder fault = "folder"
)

func (f fault) sentence(w *words.Words) string {
	if f == fine {
		return ""
	}
	return w.Say("fault."+string(f), nil)
}

func checkRendezvous(text string) fault {
	if invite.CheckRendezvous(text) != nil {
		return notARendezvous
	}
	return fine
}

// checkSTUN checks a stun: URI (RFC 7064).
func checkSTUN(text string) fault {
	rest, found := strings.CutPrefix(text, "stun:")
	if !found || strings.Contains(rest, "?") {
		return notSTUN
	}
	return checkHostPort(rest)
}

// checkTURN checks a turn: or turns: URI (RFC 7065).
func checkTURN(text string) fault {
	scheme, rest, _ := strings.Cut(text, ":")
	if scheme != "turn" && scheme != "turns" || strings.HasPrefix(rest, "//") {
		return notTURN
	}
	if strings.Contains(rest, "@") {
		return credentialsInURI
	}
	address, query, asked := strings.Cut(rest, "?")
	if asked {
		transport, found := strings.CutPrefix(query, "transport=")
		switch {
		case !found || transport != "udp" && transport != "tcp":
			return badTransport
		case scheme == "turns" && transport == "udp":
			return secureOverUDP
		}
	}
	return checkHostPort(address)
}

func checkHostPort(text string) fault {
	host, port := text, ""
	if strings.Contains(text, "]:") || strings.Count(text, ":") == 1 {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return noHost
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return badPort
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return noHost
	}
	if host == "" || strings.ContainsAny(host, " \t/@?#[]\\") {
		return noHost
	}
	return fine
}

func checkPresent(text string) fault {
	if text == "" {
		return missing
	}
	return fine
}

func checkFolder(text string) fault {
	if !filepath.IsAbs(text) {
		return notAnAbsoluteFolder
	}
	return fine
}

var errNotALimit = errors.New("ui: not a limit")

// parseLimit reads megabytes a second ("2.5", "2,5") as bytes a second. Empty
// text and 0 are no limit.
func parseLimit(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	megabytes, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || !(megabytes >= 0 && megabytes <= 1e6) || megabytes > 0 && megabytes < 0.001 {
		return 0, errNotALimit
	}
	return int64(math.Round(megabytes * 1e6)), nil
}

// limitText writes a limit as parseLimit reads it.
func limitText(limit int64) string {
	if limit <= 0 {
		return ""
	}
	return strconv.FormatFloat(float64(limit)/1e6, 'f', -1, 64)
}

func checkLimit(text string) fault {
	if _, err := parseLimit(text); err != nil {
		return notALimit
	}
	return fine
}
