package ui

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine/settings"
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
	missing             fault = "missing"
	credentialsInURI    fault = "credentials-in-address"
	notALimit           fault = "limit"
	notASize            fault = "size"
	notAnAbsoluteFolder fault = "folder"
	noPolicy            fault = "policy"
	notAChoice          fault = "choice"
	notATime            fault = "time"
	noDay               fault = "day"
	notAPortRange       fault = "port-range"
	notAnAddress        fault = "metrics"
	notLoopback         fault = "loopback"
)

func (f fault) sentence(w *words.Words) string {
	if f == fine {
		return ""
	}
	return w.Say("fault."+string(f), nil)
}

func checkRendezvous(text string) fault {
	return faultOf(settings.Settings{Rendezvous: []string{text}}, "rendezvous[", notARendezvous)
}

func checkSTUN(text string) fault {
	return faultOf(settings.Settings{STUN: []string{text}}, "stun[", notSTUN)
}

// checkTURN checks an address alone; the credentials have fields of their own.
func checkTURN(text string) fault {
	return faultOf(settings.Settings{TURN: []settings.TURN{{URL: text, Secret: "any"}}}, "turn[", notTURN)
}

func checkFolder(text string) fault {
	return faultOf(settings.Settings{DownloadDir: text}, "download_dir", notAnAbsoluteFolder)
}

func checkMetrics(text string) fault {
	return faultOf(settings.Settings{Metrics: text}, "metrics", notAnAddress)
}

// faultOf says what is wrong with one field of settings; scheme is the fault of
// an address of the wrong kind.
func faultOf(s settings.Settings, field string, scheme fault) fault {
	begins := func(of string) bool { return strings.HasPrefix(of, field) }
	return firstFault(settings.Normalize(s), begins, []named{
		{settings.ErrEmpty, missing}, {settings.ErrHost, noHost}, {settings.ErrPort, badPort}, {settings.ErrTransport, badTransport},
		{settings.ErrCredentials, credentialsInURI}, {settings.ErrRelative, notAnAbsoluteFolder}, {settings.ErrNotLoopback, notLoopback},
	}, scheme)
}

// named is the fault that the window has for an error of package settings.
type named struct {
	err   error
	fault fault
}

// firstFault names the first thing that is wrong with the fields that are meant,
// by the first of the names that fits; fine where nothing is wrong.
func firstFault(s settings.Settings, meant func(field string) bool, names []named, otherwise fault) fault {
	for _, wrong := range settings.FieldErrors(settings.Validate(s)) {
		if !meant(wrong.Field) {
			continue
		}
		for _, name := range names {
			if errors.Is(wrong, name.err) {
				return name.fault
			}
		}
		return otherwise
	}
	return fine
}

func checkPresent(text string) fault {
	if text == "" {
		return missing
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

// limitText writes a limit as parseLimit reads it; one below zero, which a file
// may hold, as what it is.
func limitText(limit int64) string {
	if limit == 0 {
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

var errNotASize = errors.New("ui: not a size")

// parseSize reads a number of bytes with its unit ("10 GB", "500 MB", "1.5GiB",
// "2,5 G"). Empty text and 0 are no limit. A bare number is refused, because
// nobody means bytes.
func parseSize(text string) (int64, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	text = strings.Replace(text, ",", ".", 1)
	if strings.Trim(text, "0123456789. ") == "" {
		return 0, errNotASize
	}
	number := strings.TrimSuffix(text, "b") // ParseSize knows B
	bytes, err := settings.ParseSize(number)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNotASize, err)
	}
	return bytes, nil
}

// sizeText writes a number of bytes as parseSize reads it; one below zero, which
// a file may hold, as what it is.
func sizeText(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	text := settings.FormatRate(bytes)
	number := strings.TrimRight(text, "kKMGTi")
	return number + " " + strings.TrimPrefix(text, number) + "B"
}

func checkSize(text string) fault {
	if _, err := parseSize(text); err != nil {
		return notASize
	}
	return fine
}

var errNotATime = errors.New("ui: not a time of day")

// parseTime reads a time of day ("8:00", "18.30", "23：15") as minutes since
// midnight.
func parseTime(text string) (int, error) {
	hour, minute, found := strings.Cut(strings.NewReplacer(".", ":", "：", ":").Replace(text), ":")
	if !found || len(minute) != 2 || len(hour) == 0 || len(hour) > 2 {
		return 0, errNotATime
	}
	h, err := strconv.ParseUint(hour, 10, 8)
	if err != nil || h > 23 {
		return 0, errNotATime
	}
	m, err := strconv.ParseUint(minute, 10, 8)
	if err != nil || m > 59 {
		return 0, errNotATime
	}
	return int(h)*60 + int(m), nil
}

// timeText writes minutes since midnight as parseTime reads them; what a file
// may hold and no day has, as what it is.
func timeText(minutes int) string {
	if minutes < 0 || minutes >= 24*60 {
		return strconv.Itoa(minutes)
	}
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

func checkTime(text string) fault {
	if _, err := parseTime(text); err != nil {
		return notATime
	}
	return fine
}

var errNotAPortRange = errors.New("ui: not a range of ports")

// parsePorts reads a range of ports ("50000-50100"). Empty text is any port:
// 0 and 0.
func parsePorts(text string) (first, last uint16, err error) {
	if text == "" {
		return 0, 0, nil
	}
	from, to, _ := strings.Cut(strings.ReplaceAll(text, "–", "-"), "-")
	low, err := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	if err != nil {
		return 0, 0, errNotAPortRange
	}
	high, err := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	if err != nil || low == 0 || low > high {
		return 0, 0, errNotAPortRange
	}
	return uint16(low), uint16(high), nil
}

// portsText writes a range of ports as parsePorts reads it; one that a file may
// hold and cannot be, as what it is.
func portsText(first, last uint16) string {
	if first == 0 && last == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d", first, last)
}

func checkPorts(text string) fault {
	if _, _, err := parsePorts(text); err != nil {
		return notAPortRange
	}
	return fine
}
