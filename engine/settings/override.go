package settings

import (
	"fmt"
	"strings"

	"github.com/causeway-app/causeway/engine/path"
)

// Override is what a command line puts over the settings for one run, as the
// user has written it. What is empty leaves the settings as they are. The tags
// are the flags, the same in every program.
type Override struct {
	Rendezvous []string `sep:"none" placeholder:"URL" help:"Rendezvous (ws:// or wss://) instead of those of the settings. Repeatable."`
	STUN       []string `name:"stun" sep:"none" placeholder:"URL" help:"STUN server (stun:host:port) instead of those of the settings. Repeatable."`
	TURN       []string `name:"turn" sep:"none" placeholder:"URL,USER,PASSWORD" help:"TURN server instead of those of the settings. Repeatable."`
	TURNSecret []string `name:"turn-secret" sep:"none" placeholder:"URL,SECRET" help:"TURN server with time-limited credentials. Repeatable."`
	Policy     string   `placeholder:"POLICY" help:"Paths that may be used: auto, direct (never a relay), lan (never leave this network) or relay (hide this computer's address)."`
	LimitUp    string   `placeholder:"RATE" help:"Most bytes a second to send, such as 500k or 10M; 0 is no limit."`
	LimitDown  string   `placeholder:"RATE" help:"Most bytes a second to receive."`

	RelayMonth    string `placeholder:"SIZE" help:"Most bytes by relays in a calendar month, such as 500M or 10G, in and out together; 0 is no limit."`
	RelayTransfer string `placeholder:"SIZE" help:"Most bytes by relays in one transfer."`
	RelayRate     string `placeholder:"RATE" help:"Most bytes a second by relays, in and out together."`
	NoPortMapping bool   `help:"Do not ask the router to pass a port on to this computer."`
}

// Apply returns s with the override over it, normalized. Its error is a
// FieldError about the first flag that cannot be used; Field is the flag's name
// without dashes before it, such as "turn-secret". Faults of s are left for
// Validate.
func (o Override) Apply(s Settings) (Settings, error) {
	if len(o.Rendezvous) > 0 {
		s.Rendezvous = o.Rendezvous
	}
	if len(o.STUN) > 0 {
		s.STUN = o.STUN
	}
	if o.Policy != "" {
		s.Policy = path.Policy(o.Policy)
	}
	if err := o.applyTURN(&s); err != nil {
		return s, err
	}
	if err := o.applyLimits(&s); err != nil {
		return s, err
	}
	if o.NoPortMapping {
		s.PortMapping = false
	}
	s = Normalize(s)
	return s, o.check(s)
}

func (o Override) applyTURN(s *Settings) error {
	if len(o.TURN)+len(o.TURNSecret) > 0 {
		s.TURN = nil
	}
	for _, text := range o.TURN {
		server, err := ParseTURN(text)
		if err != nil {
			return &FieldError{Field: "turn", Err: err} // never its password
		}
		s.TURN = append(s.TURN, server)
	}
	for _, text := range o.TURNSecret {
		server, err := ParseTURNSecret(text)
		if err != nil {
			return &FieldError{Field: "turn-secret", Err: err}
		}
		s.TURN = append(s.TURN, server)
	}
	return nil
}

func (o Override) applyLimits(s *Settings) error {
	for _, limit := range []struct {
		flag, text string
		parse      func(string) (int64, error)
		into       *int64
	}{
		{"limit-up", o.LimitUp, ParseRate, &s.LimitUp},
		{"limit-down", o.LimitDown, ParseRate, &s.LimitDown},
		{"relay-month", o.RelayMonth, ParseSize, &s.RelayMonth},
		{"relay-transfer", o.RelayTransfer, ParseSize, &s.RelayTransfer},
		{"relay-rate", o.RelayRate, ParseRate, &s.RelayRate},
	} {
		if limit.text == "" {
			continue
		}
		value, err := limit.parse(limit.text)
		if err != nil {
			return &FieldError{Field: limit.flag, Value: limit.text, Err: err}
		}
		*limit.into = value
	}
	return nil
}

// check finds the first flag with a value that Validate refuses.
func (o Override) check(s Settings) error {
	given := map[string]bool{"rendezvous": len(o.Rendezvous) > 0, "stun": len(o.STUN) > 0, "policy": o.Policy != ""}
	for _, wrong := range FieldErrors(Validate(s)) {
		if name, _, _ := strings.Cut(wrong.Field, "["); given[name] {
			return &FieldError{Field: name, Value: wrong.Value, Err: wrong.Err}
		}
	}
	return nil
}

// rules say what a setting must be.
var rules = map[string]string{
	"download_dir": "a download folder is a whole path",
	"rendezvous":   "a rendezvous is a WebSocket address, such as wss://tracker.example.org",
	"stun":         "a STUN server is stun:host:port, such as stun:stun.example.org:3478",
	"turn":         "a TURN server is URL,user,password, such as turn:turn.example.org:3478,alice,password",
	"turn-secret":  "a TURN server with a shared secret is URL,secret, such as turn:turn.example.org:3478,secret",
	"limit-up":     "a rate is bytes a second, such as 500k or 10M",
	"limit-down":   "a rate is bytes a second, such as 500k or 10M",
	"limit_up":     "a limit is a number of bytes a second; 0 is none",
	"limit_down":   "a limit is a number of bytes a second; 0 is none",
	"policy":       "a policy is auto, direct, lan or relay",

	"relay-month":    "a size is bytes, such as 500M or 10G",
	"relay-transfer": "a size is bytes, such as 500M or 10G",
	"relay-rate":     "a rate is bytes a second, such as 500k or 10M",
	"relay_month":    "a limit is a number of bytes; 0 is none",
	"relay_transfer": "a limit is a number of bytes; 0 is none",
	"relay_rate":     "a limit is a number of bytes a second; 0 is none",

	"schedule.from":       "a time is minutes since midnight, 0 to 1439",
	"schedule.to":         "a time is minutes since midnight, 0 to 1439",
	"schedule.days":       "days are the sum of 1 for Sunday, 2 for Monday and so on to 64, and not 0",
	"schedule.limit_up":   "a limit is a number of bytes a second; 0 is none",
	"schedule.limit_down": "a limit is a number of bytes a second; 0 is none",
	"port_min":            "ports are from port_min to port_max, 1 to 65535, or both 0 for any",
	"port_max":            "ports are from port_min to port_max, 1 to 65535, or both 0 for any",
	"serve.tracker_port":  "a port is 1 to 65535",
	"serve.turn_port":     "a port is 1 to 65535, and not the one of the rendezvous",
	"serve.relay_min":     "ports of relayed connections are from relay_min to relay_max, 1 to 65535",
	"serve.relay_max":     "ports of relayed connections are from relay_min to relay_max, 1 to 65535",
	"serve.public_ip":     "a public address is an IP address, such as 192.0.2.1",
	"serve.username":      "a name for relaying has a password and no colon",
	"serve.password":      "a name for relaying needs a password",
	"serve.rate":          "a rate is a number of bytes a second; 0 is no limit",
	"metrics":             "counters are told at an address of this computer alone, such as 127.0.0.1:9177",
	"language":            "a language is en or zh, or empty for the system's",
	"theme":               "a theme is light or dark, or empty for the desktop's",
	"log_level":           "a log level is debug, info or warn, or empty for no log",
}

// Explain says what is written where and what must be there instead, in
// English and without a secret: `stun "x" cannot be used: a STUN server is …`.
func (e *FieldError) Explain() string {
	value := ""
	if e.Value != "" {
		value = fmt.Sprintf(" %q", e.Value)
	}
	name, _, _ := strings.Cut(e.Field, "[")
	rule, known := rules[name]
	if !known {
		rule = e.Err.Error()
	}
	return fmt.Sprintf("%s%s cannot be used: %s", e.Field, value, rule)
}
