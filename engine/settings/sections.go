package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// What can be wrong with a value of the sections below.
var (
	// ErrTime: a time of day is not in 0..1439.
	ErrTime = errors.New("settings: wrong time of day")
	// ErrPortRange: one end of a range of ports is missing, or they are the
	// wrong way round.
	ErrPortRange = errors.New("settings: wrong range of ports")
	// ErrPortTaken: two services of this program would have the same port.
	ErrPortTaken = errors.New("settings: port is used twice")
	// ErrAddress: not an IP address that others can reach.
	ErrAddress = errors.New("settings: wrong IP address")
	// ErrNotLoopback: an address that other computers could reach.
	ErrNotLoopback = errors.New("settings: not an address of this computer alone")
	// ErrChoice: there is no such choice.
	ErrChoice = errors.New("settings: unknown choice")
)

// The choices that there are beside "", which is the usual one.
var (
	// Languages are those of Settings.Language.
	Languages = []string{"en", "zh"}
	// Themes are those of Settings.Theme.
	Themes = []string{"light", "dark"}
	// LogLevels are those of Settings.LogLevel.
	LogLevels = []string{"debug", "info", "warn"}
)

// checker notes a fault of a field; nil is none.
type checker func(field, value string, err error)

func (s Settings) checkSections(check checker) {
	s.Schedule.check(check)
	s.checkPorts(check)
	s.Serve.check(check)
	if s.Metrics != "" {
		_, err := MetricsAddress(s.Metrics)
		check("metrics", s.Metrics, err)
	}
	for _, one := range []struct {
		field, value string
		choices      []string
	}{
		{"language", s.Language, Languages}, {"theme", s.Theme, Themes}, {"log_level", s.LogLevel, LogLevels},
	} {
		if one.value != "" && !slices.Contains(one.choices, one.value) {
			check(one.field, one.value, fmt.Errorf("%w: must be one of %s", ErrChoice, strings.Join(one.choices, ", ")))
		}
	}
}

func (s Schedule) check(check checker) {
	check("schedule.from", strconv.Itoa(s.From), checkMinute(s.From))
	check("schedule.to", strconv.Itoa(s.To), checkMinute(s.To))
	days := strconv.Itoa(int(s.Days))
	switch {
	case s.Days >= 1<<7:
		check("schedule.days", days, fmt.Errorf("%w: a week has seven days", ErrFormat))
	case s.Enabled && s.Days == 0:
		check("schedule.days", days, ErrEmpty)
	}
	check("schedule.limit_up", strconv.FormatInt(s.LimitUp, 10), checkLimit(s.LimitUp))
	check("schedule.limit_down", strconv.FormatInt(s.LimitDown, 10), checkLimit(s.LimitDown))
}

func checkMinute(minute int) error {
	if !isMinute(minute) {
		return fmt.Errorf("%w: must be 0 to %d minutes", ErrTime, dayMinutes-1)
	}
	return nil
}

func (s Settings) checkPorts(check checker) {
	switch {
	case s.PortMin == 0 && s.PortMax != 0:
		check("port_min", "0", fmt.Errorf("%w: there is no first port", ErrPortRange))
	case s.PortMax == 0 && s.PortMin != 0:
		check("port_max", "0", fmt.Errorf("%w: there is no last port", ErrPortRange))
	case s.PortMin > s.PortMax:
		check("port_max", port(s.PortMax), fmt.Errorf("%w: before the first port", ErrPortRange))
	}
}

func (s Serve) check(check checker) {
	for _, one := range []struct {
		field string
		port  uint16
	}{
		{"serve.tracker_port", s.TrackerPort}, {"serve.turn_port", s.TURNPort},
		{"serve.relay_min", s.RelayMin}, {"serve.relay_max", s.RelayMax},
	} {
		if s.Enabled && one.port == 0 {
			check(one.field, "0", fmt.Errorf("%w: must be 1 to 65535", ErrPort))
		}
	}
	if s.TURNPort == s.TrackerPort && s.TURNPort != 0 {
		check("serve.turn_port", port(s.TURNPort), fmt.Errorf("%w: the rendezvous has it", ErrPortTaken))
	}
	if s.RelayMin > s.RelayMax && s.RelayMax != 0 {
		check("serve.relay_max", port(s.RelayMax), fmt.Errorf("%w: before the first port", ErrPortRange))
	}
	if s.PublicIP != "" {
		check("serve.public_ip", s.PublicIP, checkPublicIP(s.PublicIP))
	}
	switch { // somebody who types one of the two has not begun to serve yet
	case s.Enabled && s.Username != "" && s.Password == "":
		check("serve.password", "", fmt.Errorf("%w: there is none for the name", ErrCredentials))
	case s.Enabled && s.Username == "" && s.Password != "":
		check("serve.username", "", fmt.Errorf("%w: there is none for the password", ErrCredentials))
	}
	// Time-limited credentials are told from others by it.
	if strings.Contains(s.Username, ":") {
		check("serve.username", s.Username, fmt.Errorf("%w: no colon in the name", ErrCredentials))
	}
	check("serve.rate", strconv.FormatInt(s.Rate, 10), checkLimit(s.Rate))
}

func checkPublicIP(text string) error {
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
		return fmt.Errorf("%w: must be one such as 192.0.2.1", ErrAddress)
	}
	return nil
}

// MetricsAddress reads Settings.Metrics: a loopback address, or "localhost",
// and a port. Errors wrap ErrFormat, ErrPort or ErrNotLoopback.
func MetricsAddress(text string) (netip.AddrPort, error) {
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: must be host:port, such as 127.0.0.1:9177", ErrFormat)
	}
	if err := checkPort(number); err != nil {
		return netip.AddrPort{}, err
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1" // whatever a resolver says
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Unmap().IsLoopback() || ip.Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%w: must be 127.0.0.1, [::1] or localhost", ErrNotLoopback)
	}
	return netip.ParseAddrPort(net.JoinHostPort(ip.String(), number))
}

func port(number uint16) string { return strconv.Itoa(int(number)) }

// usableSection takes the default for what has a fault. A section is off by it.
func (s *Settings) usableSection(field string) {
	section, name, _ := strings.Cut(field, ".")
	switch {
	case field == "schedule.limit_up":
		s.Schedule.LimitUp = 0
	case field == "schedule.limit_down":
		s.Schedule.LimitDown = 0
	case section == "schedule":
		s.Schedule = Default().Schedule
	case field == "port_min", field == "port_max":
		s.PortMin, s.PortMax = 0, 0
	case field == "serve.password":
		s.Serve.Username = "" // nobody relays, the rest goes on
	case section == "serve" && name != "":
		s.Serve = Default().Serve
	case field == "metrics":
		s.Metrics = ""
	case field == "language":
		s.Language = ""
	case field == "theme":
		s.Theme = ""
	case field == "log_level":
		s.LogLevel = ""
	}
}
